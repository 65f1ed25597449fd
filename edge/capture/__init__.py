"""Where pictures come from: files, folders, films and cameras."""

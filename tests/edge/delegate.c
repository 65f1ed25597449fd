// A delegate without a device: it takes the operators of one kind and writes what they read ^ 0x55.
//
// The structures are those of TensorFlow Lite's C API (c_api_types.h, common.h), as far as they
// are used. Macros turn it into the delegates that must be refused:
//   CUSTOM="name"  the custom operator that it takes; without, the built-in one of number BUILTIN
//   ABSENT         there is no device
//   REFUSES        the device takes no such model
//   OTHER_LAYOUT   the structures are those of another runtime
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int size;
  int data[];
} Ints;

typedef struct {
  int type;
  void* data;
  Ints* dims;
  float scale;
  int zero_point;
  int allocation;
  size_t bytes;
  void* rest[8];
} Tensor;

typedef struct {
  Ints* inputs;
  Ints* outputs;
} Node;

typedef struct Context Context;

typedef struct {
  void* (*init)(Context*, const char*, size_t);
  void (*free)(Context*, void*);
  int (*prepare)(Context*, Node*);
  int (*invoke)(Context*, Node*);
  const char* (*describe)(const Context*, const Node*);
  int builtin;
  const char* name;
  int version;
  void* rest[8];
} Registration;

typedef struct Delegate {
#ifdef OTHER_LAYOUT
  int (*prepare)(Context*, struct Delegate*);
  void* data;
#else
  void* data;
  int (*prepare)(Context*, struct Delegate*);
#endif
  void* copies[3];
  int64_t flags;
  void* opaque;
} Delegate;

struct Context {
  size_t tensor_count;
  int (*plan)(Context*, Ints**);
  Tensor* tensors;
  void* impl;
  int (*resize)(Context*, Tensor*, Ints*);
  void (*report)(Context*, const char*, ...);
  int (*add)(Context*, int, int*);
  int (*node)(Context*, int, Node**, Registration**);
  int (*replace)(Context*, Registration, const Ints*, Delegate*);
};

static int invoke(Context* context, Node* node) {
  const Tensor* from = &context->tensors[node->inputs->data[0]];
  const Tensor* to = &context->tensors[node->outputs->data[0]];
  for (size_t i = 0; i < to->bytes; i++) ((uint8_t*)to->data)[i] = ((uint8_t*)from->data)[i] ^ 0x55;
  return 0;
}

static int takes(const Registration* registration) {
#ifdef CUSTOM
  return registration->name && !strcmp(registration->name, CUSTOM);
#else
  return registration->builtin == BUILTIN;
#endif
}

static int prepare(Context* context, Delegate* delegate) {
#ifdef REFUSES
  context->report(context, "the model is for a newer device");
  return 1;
#endif
  Ints* plan;
  if (context->plan(context, &plan)) return 1;
  Ints* taken = calloc(1, sizeof(Ints) + plan->size * sizeof(int));
  for (int i = 0; i < plan->size; i++) {
    Node* node;
    Registration* registration;
    if (context->node(context, plan->data[i], &node, &registration)) return 1;
    if (takes(registration)) taken->data[taken->size++] = plan->data[i];
  }
  Registration kernel = {.invoke = invoke, .name = "Stub", .version = 1};
  int status = taken->size ? context->replace(context, kernel, taken, delegate) : 0;
  free(taken);
  return status;
}

Delegate* tflite_plugin_create_delegate(char** keys, char** values, size_t count,
                                        void (*report)(const char*)) {
#ifdef ABSENT
  report("no device is attached");
  return NULL;
#endif
  Delegate* delegate = calloc(1, sizeof(Delegate));
  delegate->data = delegate;
  delegate->prepare = prepare;
  delegate->flags = 1;  // dynamic tensors: the graph isn't prepared before it is delegated
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate* delegate) { free(delegate); }

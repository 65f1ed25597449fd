// Run model files with LiteRT.js in node, which is no browser and gets what LiteRT.js asks of one.
//
//     node litert.mjs NODE_MODULES < jobs.json
//
// A job is {path, inputs: [{name: {shape, values}}]}; for each, the outputs in the same form are
// printed as JSON.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const core = path.resolve(process.argv[2], "@litertjs", "core");

globalThis.self = globalThis;
globalThis.require = createRequire(import.meta.url);
globalThis.__dirname = path.join(core, "wasm");
globalThis.importScripts = (file) => vm.runInThisContext(fs.readFileSync(file, "utf8"));
console.log = console.info = console.warn = console.error; // the answer alone is printed

const { Tensor, loadAndCompile, loadLiteRt } = await import(
  pathToFileURL(path.join(core, "dist", "index.js"))
);
const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

async function runModel({ path: file, inputs }) {
  const model = await loadAndCompile(new Uint8Array(fs.readFileSync(file)), { accelerator: "wasm" });
  const types = Object.fromEntries(model.getInputDetails().map((one) => [one.name, one.dtype]));
  const results = [];
  for (const given of inputs) {
    const tensors = {};
    for (const [name, { shape, values }] of Object.entries(given)) {
      tensors[name] = new Tensor(new ARRAYS[types[name]](values), shape);
    }
    const outputs = await model.run(tensors);
    const read = ([name, tensor]) => [
      name,
      { shape: [...tensor.type.layout.dimensions], values: [...tensor.toTypedArray()] },
    ];
    results.push(Object.fromEntries(Object.entries(outputs).map(read)));
    for (const tensor of [...Object.values(tensors), ...Object.values(outputs)]) tensor.delete();
  }
  model.delete();
  return results;
}

await loadLiteRt(path.join(core, "wasm") + path.sep);
const answers = [];
for (const job of JSON.parse(fs.readFileSync(0, "utf8"))) answers.push(await runModel(job));
process.stdout.write(JSON.stringify(answers));

// Times the kernels under node for bench_zvm: node [--liftoff-only] node_peer.mjs kernels.wasm name n runs
// Prints the fastest run's nanoseconds of CPU time an operation.
import { readFileSync } from 'node:fs';
const [file, name, n, runs] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(file), { bench: { host: (a, b) => (a ^ b) | 0 } });
let best = Infinity;
for (let i = 0; i < 5; ++i) instance.exports[name](Number(n));
for (let i = 0; i < Number(runs); ++i) {
  const start = process.cpuUsage();
  instance.exports[name](Number(n));
  const used = process.cpuUsage(start);
  best = Math.min(best, (used.user + used.system) * 1000);
}
console.log(best / Number(n));

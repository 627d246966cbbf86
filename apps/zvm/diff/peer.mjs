// Does under node what `zvm exports FILE` does, in the same words. node peer.mjs FILE...
import { readFileSync } from 'node:fs';

const f64 = new Float64Array(1), f32 = new Float32Array(1);
const u64 = new BigUint64Array(f64.buffer), u32 = new Uint32Array(f32.buffer);
// Types are read from the binary, since JavaScript's reflection does not give them.
function leb(bytes, at) {
  let value = 0, shift = 0, byte;
  do { byte = bytes[at.i++]; value += (byte & 127) * 2 ** shift; shift += 7; } while (byte & 128);
  return value;
}
function signatures(bytes) {
  const at = { i: 8 }, types = [], imports = [], functions = [], exports = [];
  while (at.i < bytes.length) {
    const id = bytes[at.i++], size = leb(bytes, at), end = at.i + size;
    const vec = (item) => { for (let n = leb(bytes, at); n > 0; --n) item(); };
    const name = () => { const n = leb(bytes, at); at.i += n; return new TextDecoder().decode(bytes.subarray(at.i - n, at.i)); };
    if (id === 1) vec(() => { at.i++; const read = () => { const out = []; vec(() => out.push(bytes[at.i++])); return out; }; types.push([read(), read()]); });
    if (id === 2) vec(() => {
      const module = name(), field = name(), kind = bytes[at.i++];
      if (kind !== 0) throw new Error('import kind');
      const type = leb(bytes, at); imports.push({ module, field, type }); functions.push(type);
    });
    if (id === 3) vec(() => functions.push(leb(bytes, at)));
    if (id === 7) vec(() => { const field = name(), kind = bytes[at.i++], index = leb(bytes, at); if (kind === 0) exports.push({ field, index }); });
    at.i = end;
  }
  return { types, imports, functions, exports };
}
function bits(value, type) {
  switch (type) {
    case 0x7f: return (value >>> 0).toString(16);
    case 0x7e: return BigInt.asUintN(64, value).toString(16);
    case 0x7d: if (Number.isNaN(value)) return 'nan'; f32[0] = value; return u32[0].toString(16);
    case 0x7c: if (Number.isNaN(value)) return 'nan'; f64[0] = value; return u64[0].toString(16);
    default: return value === null ? 'null' : 'reference';
  }
}
const traps = [[/unreachable/, 'unreachable'], [/divide by zero|remainder by zero/, 'integer divide by zero'],
  [/divide result unrepresentable/, 'integer overflow'], [/float unrepresentable/, 'float unrepresentable'],
  [/memory access out of bounds/, 'out of bounds memory access'], [/table index is out of bounds|table access out of bounds|table or segment/, 'table'],
  [/null function or function signature/, 'indirect']];

function run(file) {
  const out = [];
  const bytes = readFileSync(file);
  const { types, imports, functions, exports } = signatures(bytes);
  const env = {};
  let log = [];
  for (const { module, field, type } of imports) {
    const [params, results] = types[type];
    (env[module] ??= {})[field] = (...args) => {
      log.push(['call', field, ...args.map((a, i) => bits(a, params[i]))].join(' '));
      return results[0] === 0x7e ? 0n : 0;
    };
  }
  let instance;
  try { instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), env); } catch (e) { return ['refused ' + e.message]; }
  for (const { field, index } of exports) {
    const [params, results] = types[functions[index]];
    log = [];
    try {
      const value = instance.exports[field](...params.map((t) => (t === 0x7e ? 0n : t === 0x70 || t === 0x6f ? null : 0)));
      const values = results.length === 0 ? [] : results.length === 1 ? [value] : [...value];
      out.push(...log, [field, ...values.map((v, i) => bits(v, results[i]))].join(' '));
    } catch (e) {
      const kind = traps.find(([pattern]) => pattern.test(e.message));
      out.push(...log, `${field} trap ${kind ? kind[1] : e.message}`);
      if (!kind) return out;
    }
  }
  const memory = Object.values(instance.exports).find((e) => e instanceof WebAssembly.Memory);
  if (memory) {
    // Two lanes of 32 bits, in whole numbers that the compiler keeps in registers.
    const words = new Int32Array(memory.buffer);
    let a = 1, b = 2;
    for (let i = 0; i < words.length; ++i) {
      a = Math.imul(a ^ words[i], 0x9e3779b1);
      a ^= a >>> 15;
      b = Math.imul(b + words[i], 0x85ebca6b);
      b ^= b >>> 13;
    }
    out.push(`memory ${(a >>> 0).toString(16)} ${(b >>> 0).toString(16)} ${memory.buffer.byteLength / 65536}`);
  }
  return out;
}
for (const file of process.argv.slice(2)) console.log(`# ${file}\n${run(file).join('\n')}`);

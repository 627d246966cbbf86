#!/usr/bin/env node
// The schema's part of a build (docs/contract-abi.md):
//   abi.mjs ts SCHEMA.json OUT.ts              constants of selectors and topics, for the contract to import
//   abi.mjs embed IN.wasm SCHEMA.json OUT.wasm the schema as custom section zvm.abi; names, if asc wrote any (--debug),
//                                              go into OUT.debug.wasm, which `zvm test` takes them from
import { readFileSync, rmSync, writeFileSync } from "node:fs";

const IV = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const rotr = (x, n) => (x >>> n) | (x << (32 - n));

/** BLAKE3 of at most 64 bytes (one block), github.com/BLAKE3-team/BLAKE3-specs. */
function blake3(text) {
  const bytes = Buffer.alloc(64);
  const size = Buffer.byteLength(text);
  if (size > 64) throw new Error(`signature '${text}' has more than 64 bytes`);
  bytes.write(text);
  let m = Array.from({ length: 16 }, (_, i) => bytes.readUInt32LE(4 * i));
  const v = [...IV, ...IV.slice(0, 4), 0, 0, size, 1 | 2 | 8];
  const mix = (a, b, c, d, x, y) => {
    v[a] = (v[a] + v[b] + x) | 0, v[d] = rotr(v[d] ^ v[a], 16), v[c] = (v[c] + v[d]) | 0, v[b] = rotr(v[b] ^ v[c], 12);
    v[a] = (v[a] + v[b] + y) | 0, v[d] = rotr(v[d] ^ v[a], 8), v[c] = (v[c] + v[d]) | 0, v[b] = rotr(v[b] ^ v[c], 7);
  };
  for (let round = 0; round < 7; ++round) {
    mix(0, 4, 8, 12, m[0], m[1]), mix(1, 5, 9, 13, m[2], m[3]), mix(2, 6, 10, 14, m[4], m[5]), mix(3, 7, 11, 15, m[6], m[7]);
    mix(0, 5, 10, 15, m[8], m[9]), mix(1, 6, 11, 12, m[10], m[11]), mix(2, 7, 8, 13, m[12], m[13]), mix(3, 4, 9, 14, m[14], m[15]);
    m = ORDER.map((i) => m[i]);
  }
  return Array.from({ length: 8 }, (_, i) => (v[i] ^ v[i + 8]) >>> 0);
}

const hex = (word) => "0x" + word.toString(16).padStart(8, "0");

function typescript(schema) {
  const expand = (type) => {
    const [, name, suffix] = /^([A-Za-z0-9_]+)(.*)$/.exec(type);
    const fields = schema.types?.[name];
    return (fields ? `(${fields.map((f) => expand(f.type)).join(",")})` : name) + suffix;
  };
  const signature = (name, fields) => `${name}(${(fields ?? []).map((f) => expand(f.type)).join(",")})`;
  const lines = ["// Written by abi.mjs from the schema. Do not edit."];
  for (const m of schema.methods) {
    const s = signature(m.name, m.inputs);
    lines.push(`export const METHOD_${m.name}: u32 = ${hex(blake3(s)[0])}; // ${s}`);
  }
  for (const e of schema.errors ?? []) {
    const s = signature(e.name, e.fields);
    lines.push(`export const ERROR_${e.name}: u32 = ${hex(blake3(s)[0])}; // ${s}`);
  }
  for (const e of schema.events ?? []) {
    const s = signature(e.name, e.fields);
    const bytes = blake3(s).flatMap((w) => [w & 255, (w >>> 8) & 255, (w >>> 16) & 255, w >>> 24]);
    lines.push(`export const EVENT_${e.name}: usize = memory.data<u8>([${bytes.join(", ")}]); // ${s}`);
  }
  return lines.join("\n") + "\n";
}

function leb(value) {
  const out = [];
  for (; value >= 128; value >>>= 7) out.push((value & 127) | 128);
  return Buffer.from([...out, value]);
}

function embed(wasm, json) {
  const name = Buffer.from("zvm.abi");
  const body = Buffer.concat([leb(name.length), name, json]);
  return Buffer.concat([wasm, Buffer.from([0]), leb(body.length), body]);
}

/** A module without its section "name". WebAssembly Core Specification, 5.5.2. */
function withoutNames(wasm) {
  const kept = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const start = at;
    let size = 0;
    for (let shift = 0, byte = 128; byte & 128; shift += 7) {
      byte = wasm[++at];
      size += (byte & 127) * 2 ** shift;
    }
    const isNames = wasm[start] === 0 && wasm.toString("latin1", at + 1, at + 6) === "\x04name";
    at += 1 + size;
    if (!isNames) kept.push(wasm.subarray(start, at));
  }
  return Buffer.concat(kept);
}

function writeModules(wasm, json, out) {
  const plain = withoutNames(wasm);
  const debug = out.replace(/(\.wasm)?$/, ".debug.wasm");
  writeFileSync(out, embed(plain, json));
  if (plain.length < wasm.length) writeFileSync(debug, embed(wasm, json));
  else rmSync(debug, { force: true });
}

function schemaOf(file) {
  const text = readFileSync(file);
  try {
    const schema = JSON.parse(text);
    if (!Array.isArray(schema?.methods)) throw new Error("has no list of methods");
    return { text, schema };
  } catch (error) {
    throw new Error(`${file}: ${error.message}`);
  }
}

const [command, ...files] = process.argv.slice(2);
try {
  if (command === "ts" && files.length === 2) {
    writeFileSync(files[1], typescript(schemaOf(files[0]).schema));
  } else if (command === "embed" && files.length === 3) {
    writeModules(readFileSync(files[0]), schemaOf(files[1]).text, files[2]);
  } else {
    console.error("usage: abi.mjs ts SCHEMA.json OUT.ts | embed IN.wasm SCHEMA.json OUT.wasm");
    process.exitCode = 2;
  }
} catch (error) {
  console.error(`abi.mjs: ${error.message}`);
  process.exitCode = 1;
}

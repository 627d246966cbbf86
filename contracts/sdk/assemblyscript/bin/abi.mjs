#!/usr/bin/env node
// The schema's part of a build (docs/contract-abi.md):
//   abi.mjs ts SCHEMA.json OUT.ts              constants of selectors and topics, for the contract to import
//   abi.mjs embed IN.wasm SCHEMA.json OUT.wasm the schema as custom section zvm.abi
import { readFileSync, writeFileSync } from "node:fs";

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

const [command, ...files] = process.argv.slice(2);
if (command === "ts" && files.length === 2) {
  writeFileSync(files[1], typescript(JSON.parse(readFileSync(files[0]))));
} else if (command === "embed" && files.length === 3) {
  writeFileSync(files[2], embed(readFileSync(files[0]), readFileSync(files[1])));
} else {
  console.error("usage: abi.mjs ts SCHEMA.json OUT.ts | embed IN.wasm SCHEMA.json OUT.wasm");
  process.exit(2);
}

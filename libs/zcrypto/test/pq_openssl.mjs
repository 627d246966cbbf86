// Compares ML-KEM-768 and ML-DSA-65 with OpenSSL 3.5 (node 24's crypto) in both directions.
// Usage: node pq_openssl.mjs PEER_PROGRAM CASES
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import readline from 'node:readline';

const [program, cases] = [process.argv[2], Number(process.argv[3] ?? 50)];
const peer = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = readline.createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
const ask = async (...words) => {
  peer.stdin.write(words.map((w) => (w instanceof Uint8Array ? Buffer.from(w).toString('hex') || '-' : w)).join(' ') + '\n');
  return (await lines.next()).value;
};
const bytes = (hex) => Buffer.from(hex, 'hex');

const KEM = '608648016503040402', DSA = '608648016503040312';
const der = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const algorithm = (oid) => der(0x30, der(0x06, bytes(oid)));
const privateKey = (oid, seed) => crypto.createPrivateKey({
  key: der(0x30, bytes('020100'), algorithm(oid), der(0x04, der(0x80, seed))), format: 'der', type: 'pkcs8' });
const publicKey = (oid, raw) => crypto.createPublicKey({
  key: der(0x30, algorithm(oid), der(0x03, Buffer.from([0]), raw)), format: 'der', type: 'spki' });
const rawPublic = (key, size) => crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-size);

for (let i = 0; i < cases; ++i) {
  const seed = crypto.randomBytes(64);
  const theirs = privateKey(KEM, seed);
  const raw = rawPublic(theirs, 1184);
  assert.equal(await ask('kem-public', seed), raw.toString('hex'), 'the same public key from a seed');
  const [ciphertext, shared] = (await ask('kem-encapsulate', raw)).split(' ').map(bytes);
  assert.deepEqual(crypto.decapsulate(theirs, ciphertext), shared, 'ours to OpenSSL');
  const made = crypto.encapsulate(publicKey(KEM, raw));
  assert.equal(await ask('kem-decapsulate', seed, made.ciphertext), Buffer.from(made.sharedKey).toString('hex'), 'OpenSSL to ours');
  const tampered = Buffer.from(made.ciphertext);
  tampered[crypto.randomInt(1088)] ^= 1 << crypto.randomInt(8);
  assert.equal(await ask('kem-decapsulate', seed, tampered),
    Buffer.from(crypto.decapsulate(theirs, tampered)).toString('hex'), 'the same implicit rejection');
  assert.notEqual(await ask('kem-decapsulate', seed, tampered), Buffer.from(made.sharedKey).toString('hex'));
}
for (let i = 0; i < cases; ++i) {
  const seed = crypto.randomBytes(32);
  const theirs = privateKey(DSA, seed);
  const raw = rawPublic(theirs, 1952);
  assert.equal(await ask('dsa-public', seed), raw.toString('hex'), 'the same public key from a seed');
  const message = crypto.randomBytes(crypto.randomInt(300));
  const context = i % 2 ? crypto.randomBytes(crypto.randomInt(1, 256)) : Buffer.alloc(0);
  const options = (key) => (context.length ? { key, context } : key);
  const ours = bytes(await ask('dsa-sign', seed, message, context));
  assert.ok(crypto.verify(null, message, options(publicKey(DSA, raw)), ours), 'ours to OpenSSL');
  const signature = crypto.sign(null, message, options(theirs));
  assert.equal(await ask('dsa-verify', raw, message, context, signature), 'valid', 'OpenSSL to ours');
  signature[crypto.randomInt(3309)] ^= 1 << crypto.randomInt(8);
  const verdict = crypto.verify(null, message, options(publicKey(DSA, raw)), signature) ? 'valid' : 'invalid';
  assert.equal(await ask('dsa-verify', raw, message, context, signature), verdict, 'the same verdict on a flipped bit');
  assert.equal(verdict, 'invalid');
}
peer.stdin.end();
console.log(`OpenSSL ${process.versions.openssl} (node ${process.version}) and zcrypto agree on ${cases} ML-KEM-768 and ${cases} ML-DSA-65 keys`);

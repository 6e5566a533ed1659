import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

/** Bytes of plain text in one piece. */
export const PIECE = 64 * 1024;

const MAGIC = Buffer.from("padserve export\n");
const VERSION = 1;
/** scrypt (RFC 7914): N = 2¹⁷, r = 8, p = 1; some 130 MiB and half a second. */
const COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };
const SALT_BYTES = 32;
const HEAD_BYTES = MAGIC.length + 1 + SALT_BYTES;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;

/** Writes what comes in `pieces` (each at most `PIECE` bytes), encrypted, to a new file. */
export async function writeSealed(
  file: FileHandle,
  passphrase: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  const head = Buffer.concat([MAGIC, Buffer.of(VERSION), randomBytes(SALT_BYTES)]);
  const key = await keyOf(passphrase, head);
  await file.writeFile(head);
  let index = 0;
  // One behind, since the last one says that it is the last: a file that was cut short doesn't open.
  let held: Uint8Array | null = null;
  for await (const piece of pieces) {
    if (held !== null) await file.writeFile(sealed(key, head, { index: index++, isLast: false }, held));
    held = piece;
  }
  await file.writeFile(sealed(key, head, { index, isLast: true }, held ?? new Uint8Array()));
  await file.sync();
}

export type OpenFault = "not-an-export" | "newer" | "wrong-passphrase" | "damaged";

export class SealedFileError extends Error {
  readonly fault: OpenFault;

  constructor(fault: OpenFault) {
    super(fault);
    this.fault = fault;
  }
}

/** The pieces, each before the next is read. Throws a `SealedFileError`; what came before is authentic, and not whole. */
export async function* readSealed(file: FileHandle, passphrase: string): AsyncGenerator<Uint8Array> {
  const head = await exactly(file, HEAD_BYTES);
  if (head === null || !head.subarray(0, MAGIC.length).equals(MAGIC)) throw new SealedFileError("not-an-export");
  if (head[MAGIC.length] !== VERSION) throw new SealedFileError("newer");
  const key = await keyOf(passphrase, head);
  for (let index = 0; ; index += 1) {
    const length = (await exactly(file, LENGTH_BYTES))?.readUInt32BE() ?? 0;
    if (length < TAG_BYTES || length > PIECE + TAG_BYTES) throw new SealedFileError("damaged");
    const bytes = await exactly(file, length);
    if (bytes === null) throw new SealedFileError("damaged");
    const ahead = opened(key, head, { index, isLast: false }, bytes);
    const plain = ahead ?? opened(key, head, { index, isLast: true }, bytes);
    // Nobody can tell a wrong passphrase from a first piece that was changed.
    if (plain === null) throw new SealedFileError(index === 0 ? "wrong-passphrase" : "damaged");
    yield plain;
    if (ahead !== null) continue;
    if ((await exactly(file, 1)) !== null) throw new SealedFileError("damaged");
    return;
  }
}

interface Piece {
  readonly index: number;
  readonly isLast: boolean;
}

/** AES-256-GCM; the nonce counts, under a key that is this file's alone. */
function sealed(key: Buffer, head: Buffer, piece: Piece, plain: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonceOf(piece)).setAAD(head);
  const bytes = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function opened(key: Buffer, head: Buffer, piece: Piece, bytes: Buffer): Buffer | null {
  const cipher = createDecipheriv("aes-256-gcm", key, nonceOf(piece), { authTagLength: TAG_BYTES })
    .setAAD(head)
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([cipher.update(bytes.subarray(0, -TAG_BYTES)), cipher.final()]);
  } catch {
    return null;
  }
}

/** Eleven bytes of a number, one that says whether it is the last. */
function nonceOf({ index, isLast }: Piece): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

async function keyOf(passphrase: string, head: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(passphrase.normalize("NFC"), head.subarray(-SALT_BYTES), 32, COST, (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return await promise;
}

/** Null: the file ends before. */
async function exactly(file: FileHandle, length: number): Promise<Buffer | null> {
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, null);
    if (bytesRead === 0) return null;
    at += bytesRead;
  }
  return bytes;
}

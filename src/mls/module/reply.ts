import { EngineError } from "../engine-error.ts";

/** Reads what `engine/module/src/wire.rs` writes: numbers big-endian, byte strings behind a length of four bytes. */
export class Reply {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  flag(): boolean {
    return this.u8() === 1;
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  /** A number that JavaScript has exactly: nobody commits 2⁵³ times. */
  u64(): number {
    const value = Number(this.#view.getBigUint64(this.#advance(8)));
    if (!Number.isSafeInteger(value)) throw new EngineError("malformed", "a number that is too large");
    return value;
  }

  /** A copy. */
  bytes(): Uint8Array {
    const length = this.u32();
    const from = this.#advance(length);
    return this.#bytes.slice(from, from + length);
  }

  field(): Uint8Array {
    const length = this.u16();
    const from = this.#advance(length);
    return this.#bytes.slice(from, from + length);
  }

  maybe(): Uint8Array | null {
    return this.flag() ? this.bytes() : null;
  }

  list<T>(read: (reply: Reply) => T): readonly T[] {
    return Array.from({ length: this.u32() }, () => read(this));
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new EngineError("malformed", "something behind the end");
  }

  #advance(length: number): number {
    const from = this.#at;
    if (from + length > this.#bytes.length) throw new EngineError("malformed", "cut short");
    this.#at += length;
    return from;
  }
}

/** The counterpart: byte strings one after another, each behind a length of four bytes. */
export function packed(items: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(items.reduce((length, item) => length + 4 + item.length, 0));
  const view = new DataView(all.buffer);
  let at = 0;
  for (const item of items) {
    view.setUint32(at, item.length);
    all.set(item, at + 4);
    at += 4 + item.length;
  }
  return all;
}

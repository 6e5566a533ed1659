/** All parts, one after another. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A length of two bytes (big-endian), then the bytes; so that fields of changing lengths can't be mistaken for one another. */
export function withLength(field: Uint8Array): Uint8Array {
  if (field.length > 0xffff) throw new RangeError(`a field of ${field.length} bytes has no length of two bytes`);
  return concat(Uint8Array.of(field.length >> 8, field.length & 0xff), field);
}

/** What a signature or hash is for, in ASCII, with one zero byte at its end: no other kind of text begins with it. */
export function domain(purpose: string): Uint8Array {
  return new TextEncoder().encode(`${purpose}\0`);
}

/** Of public values only: the time it takes tells where they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Of bytes that are no secret. */
export function includes(all: readonly Uint8Array[], one: Uint8Array): boolean {
  return all.some((other) => sameBytes(other, one));
}

/** JSON in which bytes are base64url without padding. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, replaceBytes);
}

/** `this` holds the value as it was: a Buffer has turned itself into an object of numbers by the time it is passed. */
function replaceBytes(this: unknown, key: string, value: unknown): unknown {
  const original: unknown = typeof this === "object" && this !== null ? Reflect.get(this, key) : value;
  return original instanceof Uint8Array
    ? Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString("base64url")
    : value;
}

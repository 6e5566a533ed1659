import { statfs } from "node:fs/promises";

/** Bytes that this process may still write on the file system of `path`; null: that can't be known. Never rejects. */
export async function freeRoom(path: string): Promise<number | null> {
  try {
    const { bsize, bavail, bfree } = await statfs(path);
    // A part is kept back for root.
    return bsize * (process.getuid?.() === 0 ? bfree : bavail);
  } catch {
    return null;
  }
}

import { readFileSync } from "node:fs";

/** The version in package.json, which stands two folders up from the sources and from what is built alike. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version }: { readonly version: string } = JSON.parse(text);
  return version;
}

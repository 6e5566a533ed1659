/**
 * wasm-bindgen's JavaScript has one instance for each time it is loaded. Ours is made anew after a panic, and once for each
 * device, so what it declares is put into a function.
 */
export function factoryOf(glue: string): string {
  const exported = [...glue.matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name]) => name);
  const body = glue
    // The one import from outside: the time of day, where mls-rs isn't told it.
    .replace(/^import \* as import1 from "\.\/snippets\/mls-rs-core-[0-9a-f]+\/inline0\.js"\n/m, CLOCK)
    // What was in an instance that has ended can't be freed there, and nobody is to hear of it.
    .replace(/=> (wasm\.\w+_free\(ptr, 1\))\)/g, "=> { try { $1; } catch {} })")
    .replace(/^\/\* @ts-self-types=.*\n/m, "")
    .replace(/^export (class|function) /gm, "$1 ")
    // Loading by fetch: the module comes from a file here.
    .replace(/^async function __wbg_load\([\s\S]*?^}\n/m, "")
    .replace(/^let __wbg_init_promise;[\s\S]*?(?=^export \{)/m, "")
    .replace(/^export \{ initSync, __wbg_init as default \};\n/m, "");
  const freed = body.match(/try \{ wasm\.\w+_free/g)?.length ?? 0;
  const strange = /^(?:import|export)\b|import\.meta|\bfetch\(|__wbg_init_promise/m.exec(body);
  if (strange !== null) throw new Error(`wasm-bindgen's output has changed its form: ${strange[0]}`);
  if (freed === 0) throw new Error("wasm-bindgen's output has changed its form: no finalizer");
  return `${HEAD}export function createGlue() {\n${body}\nreturn { initSync, ${exported.join(", ")} };\n}\n`;
}

const CLOCK = "const import1 = { date_now: () => Date.now() };\n";

const HEAD = `// Made by \`npm run engine\` from engine/ (wasm-bindgen); not to be edited. engine.json tells its hash.
// @ts-nocheck
`;

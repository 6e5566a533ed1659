import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Metadata {
  readonly packages: readonly Package[];
  readonly resolve: { readonly nodes: readonly Node[] };
}

interface Package {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly license: string | null;
  readonly repository: string | null;
  readonly manifest_path: string;
}

interface Node {
  readonly id: string;
  readonly deps: readonly { readonly pkg: string; readonly dep_kinds: readonly { readonly kind: string | null }[] }[];
}

/** Which of a crate's licences are for a work of ours under MIT; all others stop the build until somebody has looked. */
const TAKEN = [
  "MIT",
  "Apache-2.0",
  "BSD-1-Clause",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "Zlib",
  "Unlicense",
  "Unicode-3.0",
];

/**
 * The licences of all crates whose code is in the module, from `cargo metadata` for the module's target: each crate with its
 * licence, then each text once, with the crates that carry it.
 */
export function licencesOf(metadataJson: string, root: string): string {
  const metadata: Metadata = JSON.parse(metadataJson);
  const crates = reached(metadata, root).toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const texts = new Map<string, string[]>();
  for (const crate of crates) {
    if (!isTaken(crate.license ?? "")) throw new Error(`${nameOf(crate)} has the licence ${crate.license}: look at it first`);
    for (const text of textsOf(crate)) texts.set(text, [...(texts.get(text) ?? []), nameOf(crate)]);
  }
  return [
    "The sealing engine (engine.wasm) contains code of these crates, under the licences told; their texts follow.\n",
    ...crates.map((crate) => `${nameOf(crate)}: ${crate.license}${crate.repository === null ? "" : `, ${crate.repository}`}`),
    ...[...texts].map(([text, of]) => `\n${"-".repeat(80)}\n${of.join(", ")}\n\n${text}`),
    "",
  ].join("\n");
}

/** From our crate over ordinary dependencies: what only runs while building is not in the module. */
function reached({ packages, resolve }: Metadata, root: string): readonly Package[] {
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const byId = new Map(packages.map((each) => [each.id, each]));
  const ours = packages.find(({ name }) => name === root);
  if (ours === undefined) throw new Error(`cargo metadata has no ${root}`);
  const seen = new Set([ours.id]);
  for (const id of seen) {
    for (const { pkg, dep_kinds: kinds } of nodes.get(id)?.deps ?? []) {
      if (kinds.some(({ kind }) => kind === null)) seen.add(pkg);
    }
  }
  seen.delete(ours.id);
  return [...seen].flatMap((id) => byId.get(id) ?? []);
}

/** `A OR B` (also `A/B`): one of them is enough; `A AND B`: both. */
function isTaken(expression: string): boolean {
  return expression
    .replaceAll(/[()]/g, "")
    .split(/\s+AND\s+/)
    .every((part) => part.split(/\s+OR\s+|\s*\/\s*/).some((licence) => TAKEN.includes(licence.trim())));
}

function textsOf({ manifest_path: manifest }: Package): readonly string[] {
  const folder = dirname(manifest);
  return globSync("{LICENSE,LICENCE,COPYING,NOTICE,COPYRIGHT}*", { cwd: folder })
    .toSorted()
    .map((file) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim());
}

function nameOf({ name, version }: Package): string {
  return `${name} ${version}`;
}

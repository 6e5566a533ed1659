import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

interface Project {
  readonly references?: readonly { readonly path: string }[];
}

/** Each folder of `src` and the folders that it may import, as its own `tsconfig.json` says. */
export function folderLicences(root: string): ReadonlyMap<string, readonly string[]> {
  const source = join(root, "src");
  return new Map(
    globSync("**/tsconfig.json", { cwd: source }).map((file) => {
      const folder = dirname(file);
      const project: Project = JSON.parse(readFileSync(join(source, file), "utf8"));
      const licences = (project.references ?? []).map(({ path }) => relative(source, join(source, folder, path)));
      return [folder, licences.toSorted()] as const;
    }),
  );
}

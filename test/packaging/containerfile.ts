import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** What an image would hold and start: its root folder, and the words and environment of its command. */
export interface Image {
  readonly folder: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Follows `packaging/Containerfile` without a container engine: each stage is a folder in `workplace`, absolute paths lie
 * under it, and what needs a container's own users (`chown`, `USER`) is passed over. Throws, with its output, when a step fails.
 */
export function followContainerfile(workplace: string): Image {
  const stages = new Map<string, string>();
  let [folder, at] = ["", "/"];
  let env: Record<string, string> = {};
  let words: string[] = [];
  for (const [instruction, rest] of instructions()) {
    switch (instruction) {
      case "FROM": {
        const name = / AS (\S+)$/.exec(rest)?.[1] ?? "image";
        [folder, at, env, words] = [join(workplace, name), "/", {}, []];
        stages.set(name, folder);
        mkdirSync(join(folder, "usr/local/bin"), { recursive: true });
        break;
      }
      case "WORKDIR":
        at = rest;
        mkdirSync(join(folder, at), { recursive: true });
        break;
      case "COPY":
        copy(rest, stages, join(folder, at));
        break;
      case "RUN":
        run(under(folder, rest).replaceAll(/chown \S+/g, "test -e"), join(folder, at));
        break;
      case "ENV":
        env = Object.fromEntries(rest.split(" ").map((pair) => pair.split("=", 2).map((word) => under(folder, word))));
        break;
      case "ENTRYPOINT":
      case "CMD": {
        const list: string[] = JSON.parse(rest);
        words = [...words, ...list.map((word) => under(folder, word))];
        break;
      }
      case "USER":
      case "VOLUME":
        break;
      default:
        throw new Error(`an instruction that is not followed here: ${instruction}`);
    }
  }
  return { folder, words, env };
}

function instructions(): readonly (readonly [instruction: string, rest: string])[] {
  return readFileSync(join(root, "packaging/Containerfile"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => [line.split(" ", 1)[0] ?? "", line.slice(line.indexOf(" ") + 1)]);
}

function copy(rest: string, stages: ReadonlyMap<string, string>, here: string): void {
  const [, from, files = ""] = /^(?:--from=(\S+) )?(.*)$/.exec(rest) ?? [];
  const source = from === undefined ? root : (stages.get(from) ?? "/nonexistent");
  const words = files.split(" ");
  const target = words.pop() ?? "";
  for (const word of words) {
    // A folder's contents go into the target, a file into a target that ends in a slash.
    cpSync(join(source, word), join(here, target.endsWith("/") ? join(target, basename(word)) : target), {
      recursive: true,
    });
  }
}

function run(command: string, cwd: string): void {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
    cwd,
    encoding: "utf8",
    // Nothing leaves the machine: `npm ci` of the checkout has left all there is to fetch in npm's cache.
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
      npm_config_offline: "true",
    },
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
}

/** Absolute paths, as words of their own, under a folder. */
function under(folder: string, text: string): string {
  return text.replaceAll(/(?<=^|\s)\/(?=[a-z])/g, `${folder}/`);
}

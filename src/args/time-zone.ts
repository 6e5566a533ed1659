import { readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * The zone that `TZ` means, as Node knows zones by name only. POSIX lets it name a file (`:/etc/localtime`, as some systems set it),
 * of which Node makes UTC. The name where the file is a link into the zone database; `null`: leave it to the system, which looks at
 * /etc/localtime; undefined: `TZ` is fine as it is.
 */
export function zoneOf(tz: string | undefined): string | null | undefined {
  const file = /^:?(\/.*)$/.exec(tz ?? "")?.[1];
  if (file === undefined) return undefined;
  let path = file;
  for (let links = 0; links < 8; links += 1) {
    const name = /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(path)?.[1];
    if (name !== undefined) return name;
    const target = linkAt(path);
    if (target === null) return null;
    path = resolve(dirname(path), target);
  }
  return null;
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

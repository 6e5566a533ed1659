import { isAbsolute, join } from "node:path";
import { homeFolder } from "../../args/home-folder.ts";

/** Where a person's own files lie. Neither folder need be there yet. */
export interface Places {
  /** What the person has chosen: settings. */
  readonly settings: string;
  /** What the program remembers: the last server and name, what was typed. A server of this machine may keep its data here, too. */
  readonly state: string;
}

/**
 * Where a user without a home keeps things: nowhere. Nothing is ever found below a file that is no folder, nor can be made there.
 */
const NO_HOME = "/dev/null/no-home";

/** Whether a path is such a place. */
export function isNowhere(path: string): boolean {
  return path.startsWith(NO_HOME);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The platform's places: on Linux by the XDG base directory specification, elsewhere beside the server's data. */
export function places(env: Environment, platform: NodeJS.Platform = process.platform): Places {
  const home = homeFolder(env) ?? NO_HOME;
  switch (platform) {
    case "darwin": {
      const folder = join(home, "Library", "Application Support", "padserve");
      return { settings: folder, state: folder };
    }
    case "win32":
      return {
        settings: join(env["APPDATA"] || join(home, "AppData", "Roaming"), "padserve"),
        state: join(env["LOCALAPPDATA"] || join(home, "AppData", "Local"), "padserve"),
      };
    default:
      return {
        settings: join(absolute(env["XDG_CONFIG_HOME"]) ?? join(home, ".config"), "padserve"),
        state: join(absolute(env["XDG_STATE_HOME"]) ?? join(home, ".local", "state"), "padserve"),
      };
  }
}

/** The specification has relative paths ignored. */
function absolute(path: string | undefined): string | null {
  return path !== undefined && isAbsolute(path) ? path : null;
}

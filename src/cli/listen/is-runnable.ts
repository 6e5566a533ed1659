import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether there is such a command: asked before anything is listened to, so that a slip is not found by the first message. */
export function isRunnable(file: string, env: Readonly<Record<string, string | undefined>>): boolean {
  if (process.platform === "win32") return true;
  const folders = file.includes("/") ? [""] : (env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, file), constants.X_OK);
      return statSync(join(folder, file)).isFile();
    } catch {
      return false;
    }
  });
}

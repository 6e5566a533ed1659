import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** systemd's, then D-Bus's (machine-id(5)). */
const FILES = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/**
 * What tells this machine from others, so that a copied device is noticed. Where a machine has no id (some containers), all of
 * them are `none`: there only the counter in the server's hands tells copies apart.
 */
export function machineId(platform: NodeJS.Platform = process.platform, files: readonly string[] = FILES): string {
  if (platform === "darwin") return platformUuid() ?? "none";
  for (const file of files) {
    const id = textOf(file).trim();
    if (/^[0-9a-f]{32}$/.test(id)) return id;
  }
  return "none";
}

function platformUuid(): string | null {
  try {
    const text = execFileSync("/usr/sbin/ioreg", ["-rd1", "-c", "IOPlatformExpertDevice"], {
      encoding: "utf8",
      timeout: 5000,
    });
    return /"IOPlatformUUID" = "([0-9A-F-]{36})"/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

import { once } from "node:events";
import { chmodSync, chownSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { dirname } from "node:path";
import { notShareable } from "../wire/shared-place.ts";

export interface SharedSocket {
  /** Takes nobody in any more, and its file away. */
  close(): void;
}

/**
 * Lets the folder's group in by a socket there (0660). Whoever has the agent's lock is the agent, so what lies there is a former one's, unless
 * somebody answers: another agent, of another state folder. Rejects with an error whose message is a line for people.
 */
export async function shareSocket(
  path: string,
  {
    isAnswered,
    connected,
  }: { readonly isAnswered: () => Promise<boolean>; readonly connected: (socket: Socket) => void },
): Promise<SharedSocket> {
  const wrong = notShareable(path);
  if (wrong !== null) throw new Error(wrong);
  if (await isAnswered()) throw new Error(`Another agent serves at ${path} already.`);
  rmSync(path, { force: true });
  const server = createServer(connected);
  try {
    await listen(server, path);
  } catch (error) {
    server.close();
    throw error;
  }
  // What comes later (too many open files) ends no agent.
  server.on("error", () => {});
  return { close: () => void server.close() };
}

async function listen(server: Server, path: string): Promise<void> {
  const { gid } = statSync(dirname(path));
  server.listen(path);
  await once(server, "listening");
  // Until here nobody but this user could connect: its mask makes it 0700.
  if (statSync(path).gid !== gid) chownSync(path, process.getuid?.() ?? -1, gid);
  chmodSync(path, 0o660);
}

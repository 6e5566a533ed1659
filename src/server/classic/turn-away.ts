import type { Socket } from "node:net";
import type { Refusal } from "../../core/refusals.ts";
import type { ConnectionHandler } from "../../net/connection.ts";
import { LineConnection } from "../../net/line-connection.ts";
import { classicError } from "./refusal.ts";
import { encodeServerLine } from "../../wire/classic/server-lines.ts";

/** Says in one classic line why a connection can't stay, and closes it. What the peer has sent is read and forgotten. */
export function turnAway(socket: Socket, refusal: Refusal): void {
  const connection = new LineConnection(socket, {}, NOBODY);
  connection.send(encodeServerLine({ kind: "error", error: classicError(refusal, null) }));
  connection.end();
}

const NOBODY: ConnectionHandler = {
  onMessage: ignore,
  onUnfinished: ignore,
  onTooLong: ignore,
  onEnd: ignore,
  onDrain: ignore,
  onClose: ignore,
};

function ignore(): void {}

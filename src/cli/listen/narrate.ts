import type { ClientState } from "../../client/index.ts";
import { formatAddress } from "../../client/transport/index.ts";
import { explainEnd } from "../explain.ts";
import { escapedLine } from "../../text/visible.ts";
import type { ServerAddress } from "../../client/transport/index.ts";

/** What can be told, of either protocol. */
export type Narrated =
  | { readonly kind: "state"; readonly state: ClientState }
  | { readonly kind: "unreadable"; readonly from: string }
  | { readonly kind: "notice" | "word"; readonly text: string };

/**
 * Tells what befalls the connection, each in one line; messages are others' business, and so is the end.
 * @param where what is listened to, before the server: `in #ops `
 */
export function narrator(
  { server, id, where = "" }: { readonly server: ServerAddress; readonly id: string; readonly where?: string },
  note: (line: string) => void,
): (event: Narrated) => void {
  let wasOnline = false;
  let isLost = false;
  return (event) => {
    if (event.kind === "unreadable") {
      note(`A message from ${escapedLine(event.from)} could not be read.`);
    } else if (event.kind === "notice") {
      note(`The server says: ${escapedLine(event.text)}`);
    } else if (event.kind === "word") {
      note(escapedLine(event.text));
    } else if (event.kind === "state" && event.state.kind === "online") {
      note(wasOnline ? "Listening again." : `Listening ${where}on ${formatAddress(server)} as ${id}.`);
      wasOnline = true;
      isLost = false;
    } else if (event.kind === "state" && event.state.kind === "waiting" && !isLost) {
      isLost = true;
      note(`${explainEnd(event.state.loss, server).text} Trying again until it comes back.`);
    }
  };
}

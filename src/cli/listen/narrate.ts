import type { ClientEvent } from "../../client/classic/index.ts";
import { formatAddress } from "../../client/transport/index.ts";
import { explainEnd } from "../explain.ts";
import { escapedLine } from "../../text/visible.ts";
import type { Destination } from "../script.ts";

/** Tells what befalls the connection, each in one line; messages are others' business, and so is the end. */
export function narrator({ server, id }: Destination, note: (line: string) => void): (event: ClientEvent) => void {
  let wasOnline = false;
  let isLost = false;
  return (event) => {
    if (event.kind === "unreadable") {
      note(`A message from ${escapedLine(event.from)} could not be read.`);
    } else if (event.kind === "notice") {
      note(`The server says: ${escapedLine(event.text)}`);
    } else if (event.kind === "state" && event.state.kind === "online") {
      note(wasOnline ? "Listening again." : `Listening on ${formatAddress(server)} as ${id}.`);
      wasOnline = true;
      isLost = false;
    } else if (event.kind === "state" && event.state.kind === "waiting" && !isLost) {
      isLost = true;
      note(`${explainEnd(event.state.loss, server).text} Trying again until it comes back.`);
    }
  };
}

import { formatAddress, type ClientEvent, type ServerAddress } from "../../client/index.ts";
import { explainEnd } from "../explain.ts";
import { oneLine } from "../one-line.ts";

/** Tells what befalls the connection, each in one line; messages are others' business, and so is the end. */
export function narrator(
  id: string,
  server: ServerAddress,
  note: (line: string) => void,
): (event: ClientEvent) => void {
  const where = formatAddress(server);
  let connections = 0;
  return (event) => {
    if (event.kind === "unreadable") {
      note(`A message from ${oneLine(event.from)} could not be read.`);
    } else if (event.kind === "notice") {
      note(`The server says: ${oneLine(event.text)}`);
    } else if (event.kind === "state" && event.state.kind === "online") {
      connections += 1;
      note(connections === 1 ? `Listening on ${where} as ${id}.` : `Listening again.`);
    } else if (event.kind === "state" && event.state.kind === "waiting" && event.state.attempt === 0) {
      note(`${explainEnd(event.state.loss, server).text} Trying again until it comes back.`);
    }
  };
}

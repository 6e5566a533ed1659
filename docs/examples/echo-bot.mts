/**
 * A bot that sends every direct message back to who wrote it. In a folder where `padserve` is installed:
 *
 *     cp node_modules/padserve/docs/examples/echo-bot.mts .
 *     node echo-bot.mts echo my-server
 *
 * In a checkout of Padserve itself, which has no built files:
 *
 *     node --conditions=padserve-source docs/examples/echo-bot.mts echo my-server
 */
import { connect, parseAddress } from "padserve/client";

const [id = "echo", where = "localhost"] = process.argv.slice(2);
const server = parseAddress(where);
if (server === null) throw new Error(`not an address: ${where}`);

const leaving = new AbortController();
process.once("SIGINT", () => leaving.abort());
process.once("SIGTERM", () => leaving.abort());

const bot = connect({ server, id, reconnect: "always", signal: leaving.signal });

bot.onEvent((event) => {
  if (event.kind === "state") console.log(event.state.kind);
  if (event.kind === "message" && event.to === id) void echo(event.from, event.text);
});

const cause = await bot.ended();
console.log(`over: ${cause.kind}`);
process.exitCode = cause.kind === "left" ? 0 : 1;

async function echo(to: string, text: string): Promise<void> {
  const outcome = await bot.send(to, text);
  console.log(`echo: ${outcome.kind}`);
}

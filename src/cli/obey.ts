import type { Failure, PadClient, Reply, ServerAddress } from "../client/index.ts";
import { explainFailure } from "./explain.ts";
import type { Screen } from "./screen.ts";
import { visible } from "../view/text/visible.ts";
import { CLASSIC_WORDS, type Typed } from "./words.ts";

/** Does what a typed line asks for, and shows the answer. */
export async function obey(typed: Typed, client: PadClient, server: ServerAddress, screen: Screen): Promise<void> {
  switch (typed.kind) {
    case "nothing":
    case "exit":
      return;
    case "say":
      showOutcome(await client.broadcast(typed.text), null);
      return;
    case "send":
      showOutcome(await client.send(typed.to, typed.text), null);
      return;
    case "kick":
      showOutcome(await client.kick(typed.id), `${typed.id} was kicked.`);
      return;
    case "ban":
      showOutcome(await client.ban(typed.id), `${typed.id} is banned.`);
      return;
    case "unban":
      showOutcome(await client.unban(typed.id), `${typed.id} is not banned any more.`);
      return;
    case "list":
      showReply(await client.list(), (ids) => [`Here: ${ids.join(", ")}`]);
      return;
    case "list-bans":
      showReply(await client.listBans(), (ids) => [
        ids.length === 0 ? "Nobody is banned." : `Banned: ${ids.join(", ")}`,
      ]);
      return;
    case "info":
      showReply(await client.info(), ({ host, addresses, ids }) => [
        `Server: ${host ?? "(it doesn't say)"}, at ${addresses.join(", ") || "no tailnet address"}`,
        ...(ids === null ? [] : [`Here: ${ids.join(", ")}`]),
      ]);
      return;
    case "server-info":
      showReply(await client.serverInfo(), ({ host, addresses }) => [
        `Server: ${host}, at ${addresses.join(", ") || "no tailnet address"}`,
      ]);
      return;
    case "server-help":
      showReply(await client.help(), (entries) => entries.map(({ usage, text }) => `${usage} - ${text}`));
      return;
    case "help":
      for (const [shape, does] of CLASSIC_WORDS) screen.note(`${shape}: ${does}`);
  }

  function showOutcome(outcome: { readonly kind: "taken" } | Failure, done: string | null): void {
    if (outcome.kind !== "taken") showFailure(outcome);
    else if (done !== null) screen.note(done);
  }

  function showReply<T>(reply: Reply<T>, lines: (value: T) => readonly string[]): void {
    if (reply.kind === "answered") for (const line of lines(reply.value)) screen.note(visible(line));
    else showFailure(reply);
  }

  function showFailure(failure: Failure): void {
    screen.note(explainFailure(failure, server).text);
  }
}

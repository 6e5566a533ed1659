import type { Failure, Reply } from "../../client/index.ts";
import { help } from "../commands/help.ts";
import type { Intent, Question } from "../commands/intent.ts";
import { explainFailure } from "../explain.ts";
import type { Board } from "./board.ts";
import { findWords, isSameId } from "./conversations.ts";
import type { ChatPorts } from "./ports.ts";
import type { Post } from "./post.ts";
import { Preferences } from "./preferences.ts";

type Wish = Exclude<Intent, { kind: "say" }>;

/** Does what commands ask for, and notes the answers in the present conversation. */
export class Obedience {
  readonly #ports: ChatPorts;
  readonly #board: Board;
  readonly #post: Post;
  readonly #preferences: Preferences;

  constructor(ports: ChatPorts, board: Board, post: Post) {
    this.#ports = ports;
    this.#board = board;
    this.#post = post;
    this.#preferences = new Preferences(ports, board);
  }

  /** Returns false when the writer should keep what was written. */
  obey(wish: Wish): boolean {
    switch (wish.kind) {
      case "nothing":
        return true;
      case "wrong":
        this.#board.note(wish.why, "trouble");
        return false;
      case "send":
        return this.#send(wish.to, wish.text);
      case "open":
        this.#board.open(wish.id);
        return true;
      case "quit":
        void this.#ports.client.close();
        return true;
      case "kick":
      case "ban":
      case "unban":
        void this.#order(wish.kind, wish.id);
        return true;
      case "away":
        this.#away(wish.text);
        return true;
      case "ignore":
        this.#preferences.ignore(wish.id);
        return true;
      case "search":
        this.#search(wish.words);
        return true;
      case "clear":
        this.#board.updatePresent((one) => ({ ...one, entries: [], unreadFrom: null, search: null }));
        return true;
      case "set":
        return this.#preferences.set(wish.name, wish.value);
      case "help":
        this.#board.note(help(wish.about, this.#board.getSnapshot().operator));
        return true;
      case "ask":
        void this.#ask(wish.question);
        return true;
    }
  }

  /** What goes elsewhere is noted here: the writer sees it go. */
  #send(to: string, text: string): boolean {
    const isElsewhere = !isSameId(to, this.#board.getSnapshot().present.id);
    const isSent = this.#post.send(to, text);
    if (isSent && isElsewhere) this.#board.note(`To ${to}: ${text}`);
    return isSent;
  }

  async #ask(question: Question): Promise<void> {
    const { client } = this.#ports;
    switch (question) {
      case "who":
        return this.#tell(await client.list(), (ids) => `Here: ${ids.join(", ")}`);
      case "info":
        return this.#tell(await client.info(), ({ host, addresses, ids }) =>
          [aboutServer(host, addresses), ...(ids === null ? [] : [`Here: ${ids.join(", ")}`])].join("\n"),
        );
      case "server-info":
        return this.#tell(await client.serverInfo(), ({ host, addresses }) => aboutServer(host, addresses));
      case "server-help":
        return this.#tell(await client.help(), (entries) =>
          ["The server's own commands:", ...entries.map(({ usage, text }) => `${usage} - ${text}`)].join("\n"),
        );
      case "bans":
        return this.#tell(await client.listBans(), (ids) =>
          ids.length === 0 ? "Nobody is banned." : `Banned: ${ids.join(", ")}`,
        );
    }
  }

  async #order(kind: "kick" | "ban" | "unban", id: string): Promise<void> {
    const outcome = await this.#ports.client[kind](id);
    if (outcome.kind === "taken") this.#board.note(DONE[kind](id));
    else this.#fail(outcome);
  }

  #tell<T>(reply: Reply<T>, words: (value: T) => string): void {
    if (reply.kind === "answered") this.#board.note(words(reply.value));
    else this.#fail(reply);
  }

  #fail(failure: Failure): void {
    this.#ports.failed?.(failure);
    this.#board.note(explainFailure(failure, this.#ports.server), "trouble");
  }

  #away(text: string): void {
    const { away } = this.#board.getSnapshot();
    this.#post.leaveWord(text === "" ? null : text);
    if (text !== "") this.#board.note(`You are away: who writes to you is told once "${text}". /away alone ends it.`);
    else this.#board.note(away === null ? "You are not away. /away TEXT says that you are." : "You are back.");
  }

  #search(words: string): void {
    const { present } = this.#board.getSnapshot();
    const wanted = words || present.search?.words;
    if (wanted === undefined) {
      this.#board.note("What shall be searched for? /search TEXT", "trouble");
      return;
    }
    const again = present.search?.words === wanted ? present.search.at : Number.POSITIVE_INFINITY;
    const found = findWords(present, wanted, again);
    if (found !== undefined) {
      this.#board.updatePresent((one) => ({ ...one, search: { words: wanted, at: found.key } }));
    } else {
      this.#board.note(`Nothing${again === Number.POSITIVE_INFINITY ? "" : " older"} has "${wanted}" here.`);
    }
  }
}

const DONE = {
  kick: (id: string) => `${id} was kicked.`,
  ban: (id: string) => `${id} is banned.`,
  unban: (id: string) => `${id} is not banned any more.`,
};

function aboutServer(host: string | null, addresses: readonly string[]): string {
  return `Server: ${host ?? "(it doesn't say)"}, at ${addresses.join(", ") || "no tailnet address"}`;
}

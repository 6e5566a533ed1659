import { longestText } from "../../client/classic/index.ts";
import type { Outcome } from "../../client/index.ts";
import { utf8Length } from "../text/utf8-length.ts";
import { alertFor, type Alert } from "./alerts.ts";
import type { Board } from "./board.ts";
import { deliver, isSameId } from "./conversations.ts";
import { messageFrom } from "./messages.ts";
import { deliveryOf } from "./outcomes.ts";
import type { ChatPorts } from "./ports.ts";
import { OPEN_ROOM } from "./snapshot.ts";

/** What an automatic answer begins with; one is never answered. */
const AWAY_MARK = "[away] ";

/** Messages that go out and come in. */
export class Post {
  readonly #ports: ChatPorts;
  readonly #board: Board;
  /** Who has been told in this absence that we are away; lower case. */
  #told = new Set<string>();

  constructor(ports: ChatPorts, board: Board) {
    this.#ports = ports;
    this.#board = board;
  }

  /**
   * Shows an own message at once, and how it ended when that is known. Returns false, and sends nothing, while offline or
   * when it is too long for one message. `byHand`: a person has written it just now.
   */
  send(to: string, text: string, byHand = true): boolean {
    const { client, server } = this.#ports;
    const { link, me } = this.#board.getSnapshot();
    if (link.kind !== "online") return false;
    const id = isSameId(to, OPEN_ROOM) ? OPEN_ROOM : to;
    const excess = utf8Length(text) - longestText(id);
    if (excess > 0) {
      this.#board.note(`That is ${excess} bytes too long for one message; it was not sent.`, "trouble");
      return false;
    }
    const message = { ...messageFrom(me, text, me), own: true, mention: false, delivery: { kind: "sending" } as const };
    const key = this.#board.say(id, message, byHand);
    void this.#settle(id, key, id === OPEN_ROOM ? client.broadcast(text) : client.send(id, text), server);
    return true;
  }

  /** `to` is `ALL` or the own name. */
  receive(from: string, to: string, text: string): void {
    const { me, away, settings } = this.#board.getSnapshot();
    if (settings.ignored.includes(from.toLowerCase())) return;
    const direct = to !== OPEN_ROOM;
    const message = messageFrom(from, text, me);
    this.#board.hear(direct ? from : OPEN_ROOM, message, direct || message.mention);
    const alert = alertFor(settings, { from, to, text, direct, mention: message.mention });
    if (alert !== null) void this.#alert(alert);
    if (direct && away !== null) this.#tellAway(from, text, away);
  }

  /** Begins an absence, in which each who writes is told the text once; null ends it. */
  leaveWord(away: string | null): void {
    this.#told = new Set();
    this.#board.change({ away });
  }

  async #settle(id: string, key: number, sent: Promise<Outcome>, server: string): Promise<void> {
    const delivery = deliveryOf(await sent, server);
    this.#board.update(id, (one) => deliver(one, key, delivery));
    const elsewhere = !isSameId(id, this.#board.getSnapshot().present.id);
    // Its mark stands where nobody looks now.
    if (elsewhere && delivery.kind === "refused") this.#board.note(`To ${id}: ${delivery.why}`, "trouble");
    if (elsewhere && delivery.kind === "unknown")
      this.#board.note(`To ${id}: whether it arrived is unknown.`, "trouble");
  }

  async #alert(alert: Alert): Promise<void> {
    const trouble = await this.#ports.alert(alert);
    if (trouble !== null) this.#board.note(trouble, "trouble");
  }

  /** Each once in an absence, so two who are away don't answer each other for ever. */
  #tellAway(to: string, text: string, away: string): void {
    if (text.startsWith(AWAY_MARK) || this.#told.has(to.toLowerCase())) return;
    this.#told.add(to.toLowerCase());
    this.send(to, AWAY_MARK + away, false);
  }
}

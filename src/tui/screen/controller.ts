import type { Chat } from "../../view/chat/chat.ts";
import type { Conversation } from "../../view/chat/snapshot.ts";
import { composerOf, newComposers, withComposer } from "../../view/composer/composers.ts";
import { sent, type Composer } from "../../view/composer/composer.ts";
import type { Histories } from "../../view/composer/history-file.ts";
import type { Effect, Input } from "../../view/composer/input.ts";
import { press } from "../../view/composer/press.ts";
import type { ScrollTo } from "../../view/keys/actions.ts";
import { actionOf } from "../../view/keys/table.ts";
import { fromStart, scrolled, scrolledTo, scrolledToTop, type Anchor } from "../cells/pane.ts";
import type { Stroke } from "../keys/parser.ts";
import { pictureOf, stripOfCurrent } from "./picture.ts";
import type { Size } from "./regions.ts";
import {
  anchoredTo,
  anchorOf,
  back,
  disarmed,
  FIRST_SCREEN,
  interrupted,
  LEAVES_WITHIN,
  type ControllerSnapshot,
} from "./state.ts";

/** What the controller needs of the terminal and of its caller. */
export interface ControllerPorts {
  readonly chat: Chat;
  readonly histories: Histories;
  readonly remember: (conversation: string, text: string) => void;
  readonly size: () => Size;
  readonly redraw: () => void;
  readonly suspend: () => void;
  readonly showBare: () => void;
  readonly leave: () => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Calls back once, after this many milliseconds. */
  readonly after: (milliseconds: number, callback: () => void) => void;
}

/** Turns keys into changes of the composer, the screen and the chat. Knows nothing of Ink. */
export class Controller {
  readonly #ports: ControllerPorts;
  readonly #listeners = new Set<() => void>();
  #snapshot: ControllerSnapshot;
  #followed: Pick<Conversation, "id" | "search">;

  constructor(ports: ControllerPorts) {
    this.#ports = ports;
    this.#snapshot = { screen: FIRST_SCREEN, composers: newComposers(ports.histories) };
    this.#followed = ports.chat.getSnapshot().current;
    ports.chat.subscribe(() => this.#followSearch());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): ControllerSnapshot => this.#snapshot;

  stroke(stroke: Stroke): void {
    switch (stroke.kind) {
      case "text":
        return this.#press({ kind: "type", text: stroke.text });
      case "paste":
        return this.#press(stroke);
      case "key": {
        const action = actionOf(stroke.name);
        if (action !== null) this.#press(action);
      }
    }
  }

  #press(input: Input): void {
    const { current, settings } = this.#ports.chat.getSnapshot();
    const former = composerOf(this.#snapshot.composers, current.id);
    const { composer, effect } = press(former, input, {
      complete: (before) => this.#ports.chat.complete(before),
      askPaste: settings.askPaste,
    });
    if (former.text === "" && composer.text !== "") this.#ports.chat.began();
    this.#change({
      screen: effect?.kind === "interrupt" ? this.#snapshot.screen : disarmed(this.#snapshot.screen),
      composers: withComposer(this.#snapshot.composers, current.id, composer),
    });
    if (effect !== null) this.#do(effect, composer);
  }

  #do(effect: Effect, composer: Composer): void {
    const { chat } = this.#ports;
    const { conversations, current } = chat.getSnapshot();
    switch (effect.kind) {
      case "submit":
      case "say":
        return this.#hand(effect, current.id, composer);
      case "scroll":
        return this.#scroll(effect.to);
      case "open": {
        const chosen = conversations[effect.nth - 1];
        return chosen === undefined ? undefined : chat.open(chosen.id);
      }
      case "open-neighbour": {
        const nth = conversations.findIndex(({ id }) => id === current.id) + effect.step;
        const chosen = conversations.at(nth % conversations.length);
        return chosen === undefined ? undefined : chat.open(chosen.id);
      }
      case "open-next-unread":
        return chat.openNextUnread();
      case "toggle-members":
        return this.#change({
          screen: { ...this.#snapshot.screen, flippedMembers: !this.#snapshot.screen.flippedMembers },
        });
      case "toggle-readers":
        return this.#change({
          screen: { ...this.#snapshot.screen, showsReaders: !this.#snapshot.screen.showsReaders },
        });
      case "answer-device":
        return void chat.answerDevice(effect.isOurs);
      case "redraw":
        return this.#ports.redraw();
      case "bare":
        return this.#ports.showBare();
      case "suspend":
        return this.#ports.suspend();
      case "interrupt":
        return this.#interrupt();
      case "back":
        if (current.search !== null) {
          chat.endSearch();
          return this.#anchor(null);
        }
        return this.#change({ screen: back(this.#snapshot.screen, current.id) });
      case "leave":
        return this.#ports.leave();
    }
  }

  /** The second in a row leaves; the hint that says so goes with its time. */
  #interrupt(): void {
    const { leaves, state } = interrupted(this.#snapshot.screen, this.#ports.now());
    this.#change({ screen: state });
    if (leaves) return this.#ports.leave();
    this.#ports.after(LEAVES_WITHIN, () => {
      if (this.#snapshot.screen.armed === state.armed) this.#change({ screen: disarmed(this.#snapshot.screen) });
    });
  }

  /** Gives the chat what was written; what it can't take now stays in the composer, a wrong command in the history. */
  #hand(
    { kind, text }: Extract<Effect, { kind: "submit" | "say" }>,
    conversation: Conversation["id"],
    composer: Composer,
  ): void {
    const { chat, remember } = this.#ports;
    const before = chat.getSnapshot().current.entries.at(-1)?.key;
    if (kind === "say" ? !chat.say(text) : chat.submit(text) === "kept") return;
    remember(conversation, text);
    this.#change({
      composers: withComposer(this.#snapshot.composers, conversation, sent(composer)),
      screen: anchoredTo(this.#snapshot.screen, conversation, null),
    });
    this.#readFromStart(before);
  }

  /** A long answer, such as help, is read from its beginning. */
  #readFromStart(before: number | undefined): void {
    const answer = this.#ports.chat.getSnapshot().current.entries.at(-1);
    if (answer?.kind !== "note" || answer.key === before) return;
    const { strip, height } = this.#pane();
    this.#anchor(fromStart(strip, height, answer.key));
  }

  #scroll(to: ScrollTo): void {
    const { strip, height } = this.#pane();
    const old = anchorOf(this.#snapshot.screen, strip.conversation.id);
    const anchor = to === "bottom" ? null : moved();
    this.#anchor(anchor);
    // Whoever has come to the first entry is shown those before it as soon as they are there, above.
    if (anchor !== null && strip.conversation.entries[0]?.key === anchor.key) this.#ports.chat.loadOlder();

    function moved(): Anchor | null {
      // A row of the page before stays in sight, and one is the marker's.
      const page = Math.max(1, height - 2);
      switch (to) {
        case "page-up":
          return scrolled(strip, old, height, -page);
        case "page-down":
          return scrolled(strip, old, height, page);
        case "row-up":
          return scrolled(strip, old, height, -1);
        case "row-down":
          return scrolled(strip, old, height, 1);
        case "top":
          return scrolledToTop(strip, old, height);
        case "bottom":
          return null;
      }
    }
  }

  /** A search that has moved is followed by the pane; one that is only come back to is not. */
  #followSearch(): void {
    const before = this.#followed;
    const { current } = this.#ports.chat.getSnapshot();
    this.#followed = current;
    if (current.id !== before.id || current.search === before.search || current.search === null) return;
    const { strip, height } = this.#pane();
    this.#anchor(scrolledTo(strip, anchorOf(this.#snapshot.screen, current.id), height, current.search.at));
  }

  #pane(): { readonly strip: ReturnType<typeof stripOfCurrent>; readonly height: number } {
    const chat = this.#ports.chat.getSnapshot();
    const { regions } = pictureOf(chat, this.#snapshot, this.#ports.size());
    return { strip: stripOfCurrent(chat, regions, this.#snapshot.screen), height: regions.pane.height };
  }

  #anchor(anchor: Anchor | null): void {
    const { current } = this.#ports.chat.getSnapshot();
    this.#change({ screen: anchoredTo(this.#snapshot.screen, current.id, anchor) });
  }

  #change(changes: Partial<ControllerSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes };
    for (const listener of this.#listeners) listener();
  }
}

/** What the main program asks of the load process, and what it hears back: one order at a time, over the IPC channel. */
export type Order =
  /** Connects clients to a port and takes each through the set-up; they stay. Heard back when the last is ready. */
  | {
      readonly kind: "gather";
      readonly crowd: string;
      readonly port: number;
      readonly clients: number;
      /** The first client's number; its name is made of it. */
      readonly first: number;
    }
  /** Sends messages as fast as they arrive, never more than `inFlight` at a time, and waits for the last to arrive. */
  | {
      readonly kind: "saturate";
      readonly crowd: string;
      readonly traffic: Traffic;
      readonly inFlight: number;
      readonly seconds: number;
    }
  /** One client sends so many broadcasts a second. */
  | {
      readonly kind: "pace";
      readonly crowd: string;
      readonly traffic: Traffic;
      readonly perSecond: number;
      readonly messages: number;
    }
  /** The first client of a crowd sends the second so many direct messages a second; what others say to everybody is passed over. */
  | {
      readonly kind: "bystand";
      readonly crowd: string;
      readonly bytes: number;
      readonly perSecond: number;
      readonly messages: number;
    }
  /** So many clients come one after another, `abreast` of them at a time; each leaves when it has been set up. */
  | { readonly kind: "visit"; readonly port: number; readonly visits: number; readonly abreast: number }
  /** Closes all connections of a crowd. */
  | { readonly kind: "scatter"; readonly crowd: string }
  | SealedOrder;

/** The same for devices, which speak frames. */
export type SealedOrder =
  /** Connects devices of as many people, `first` the number of the first. `rooms`: they are in one room, or each in one alone, or in none. */
  | {
      readonly kind: "gather-devices";
      readonly crowd: string;
      readonly port: number;
      readonly devices: number;
      readonly first: number;
      readonly rooms: "one" | "each" | "none";
      /** Of a message, before it is sealed. */
      readonly bytes: number;
    }
  /** Connects WebSockets to the floor. `bytes`: of a message, sealed. */
  | {
      readonly kind: "gather-bare";
      readonly crowd: string;
      readonly port: number;
      readonly sockets: number;
      readonly bytes: number;
    }
  /** Writes as fast as it is answered. `heard`: a message is over only when all others of the crowd have heard it. */
  | {
      readonly kind: "write";
      readonly crowd: string;
      readonly inFlight: number;
      readonly seconds: number;
      readonly heard: boolean;
    }
  | { readonly kind: "scatter-devices"; readonly crowd: string }
  /** So many devices want into one room at once, in which somebody writes; `batches`: a member can add those who wait. */
  | { readonly kind: "storm"; readonly port: number; readonly devices: number; readonly batches: boolean }
  /** Members of a room of so many commit, and others come in by themselves, each in turn. */
  | { readonly kind: "commits"; readonly port: number; readonly devices: number; readonly repetitions: number };

/** What became of a storm. Milliseconds. */
export interface Storm {
  /** Of a message from wanting to send it until it was stored, before and meanwhile. */
  readonly quiet: Paced;
  readonly during: Paced;
  /** Until all were in. */
  readonly took: number;
  readonly commits: number;
}

/** Median milliseconds, through the server and in the engine alone. */
export interface Commits {
  readonly commit: { readonly through: number; readonly alone: number };
  readonly join: { readonly through: number; readonly alone: number };
}

export interface Traffic {
  readonly pattern: "broadcast" | "direct";
  /** Bytes of text in each message. */
  readonly bytes: number;
}

export interface Saturated {
  readonly messages: number;
  /** Messages times those who heard each. */
  readonly deliveries: number;
  readonly seconds: number;
}

/** Milliseconds from sending to hearing, over all messages and all who heard them. */
export interface Paced {
  readonly p50: number;
  readonly p99: number;
}

export interface Visited {
  readonly seconds: number;
}

/** What comes back for each kind of order. */
export interface Answers {
  readonly gather: null;
  readonly saturate: Saturated;
  readonly pace: Paced;
  readonly bystand: Paced;
  readonly visit: Visited;
  readonly scatter: null;
  /** Bytes of a sealed message. */
  readonly "gather-devices": number;
  readonly "gather-bare": null;
  readonly write: Saturated;
  readonly "scatter-devices": null;
  readonly storm: Storm;
  readonly commits: Commits;
}

/** No order has more messages in flight; the floor has so many lines ready. */
export const MOST_IN_FLIGHT = 256;

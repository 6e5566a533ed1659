import type { RunningState } from "../tailnet/state.ts";
import { fine, type Finding } from "./findings.ts";
import type { TailscaleFacts } from "./tailscale-facts.ts";

const DAY = 24 * 60 * 60 * 1000;
/** Soon enough to do something about it, late enough not to be told all the time. */
const EXPIRY_NEAR = 14 * DAY;

/** What was set for this node, here or in the tailnet, that keeps people out or soon will. `now`: milliseconds since 1970. */
export function examineNodeSettings(facts: TailscaleFacts, now: number): readonly Finding[] {
  const { state } = facts.observation;
  return state.kind === "running" ? [...shields(facts), key(state, now), https(state, facts)] : [];
}

function shields({ prefs }: TailscaleFacts): readonly Finding[] {
  if (prefs === null) {
    return [
      {
        area: "shields up",
        level: "note",
        what: "Whether connections from outside are let in is not known.",
        cause: "tailscaled does not tell what is set on this machine.",
        next: "Run: tailscale debug prefs (ShieldsUp should be false)",
      },
    ];
  }
  if (!prefs.ShieldsUp) return [fine("shields up", "off: the tailnet may connect")];
  return [
    {
      area: "shields up",
      level: "error",
      what: "On: nobody of the tailnet can connect.",
      cause: "Tailscale is set to refuse it.",
      next: "Run: sudo tailscale set --shields-up=false",
    },
  ];
}

function key({ self }: RunningState, now: number): Finding {
  const expiry = Date.parse(self.keyExpiry ?? "");
  if (Number.isNaN(expiry) || expiry <= 0) {
    return fine("key", self.tags.length > 0 ? `never expires (${self.tags.join(", ")})` : "never expires");
  }
  const left = expiry - now;
  const date = new Date(expiry).toISOString().slice(0, 10);
  if (left >= EXPIRY_NEAR) return fine("key", `expires on ${date}`);
  return {
    area: "key",
    level: "warning",
    what: left <= 0 ? `It expired on ${date}.` : `It expires on ${date}, in ${days(left)}.`,
    cause: "Then nobody reaches this machine.",
    next: "Log in again: sudo tailscale up --force-reauth; or let an admin turn its key expiry off.",
  };
}

function days(milliseconds: number): string {
  const whole = Math.floor(milliseconds / DAY);
  return whole === 0 ? "less than a day" : whole === 1 ? "1 day" : `${whole} days`;
}

const OFFICIAL = "https://controlplane.tailscale.com";

function https({ certDomains }: RunningState, { prefs, magicDns }: TailscaleFacts): Finding {
  if (certDomains.length > 0) return fine("https", `certificates possible for ${certDomains.join(", ")}`);
  const elsewhere = prefs !== null && prefs.ControlURL !== "" && prefs.ControlURL !== OFFICIAL;
  const common = { area: "https", level: "note", what: "No certificates (nothing needs them yet)." } as const;
  if (elsewhere) {
    return {
      ...common,
      cause: "The control server gives no names to certify; Headscale never does.",
      next: "Nothing is to be done.",
    };
  }
  return {
    ...common,
    cause: `${magicDns === false ? "MagicDNS and HTTPS are" : "HTTPS is"} not turned on in the tailnet.`,
    next: "To have them: an admin of the tailnet turns it on in the admin console, under DNS.",
  };
}

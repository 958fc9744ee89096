/** Simulated links, one for each direction: in order, late at times, and held up or lost while they are cut. */
import type { Clock, Random } from "./clock.ts";

/** What a broken link still delivers when it heals in time, as TCP's retransmission does. */
const heldForMs = 4_000;

interface Held {
  readonly sentAtMs: number;
  readonly deliver: () => void;
}

class Link {
  isUp = true;
  lastArrivalMs = 0;
  readonly held: Held[] = [];
}

export class Network {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #links = new Map<string, Link>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** `deliver` runs when the message arrives, if it ever does; never before an earlier one of the same link. */
  send(from: string, to: string, deliver: () => void): void {
    const link = this.#link(from, to);
    const arriveMs = Math.max(this.#clock.nowMs + this.#latencyMs(), link.lastArrivalMs);
    link.lastArrivalMs = arriveMs;
    const message = { sentAtMs: this.#clock.nowMs, deliver };
    if (link.isUp) this.#clock.after(arriveMs - this.#clock.nowMs, () => this.#arrive(link, message));
    else link.held.push(message);
  }

  cut(from: string, to: string): void {
    this.#link(from, to).isUp = false;
  }

  heal(from: string, to: string): void {
    const link = this.#link(from, to);
    if (link.isUp) return;
    link.isUp = true;
    const isLost = this.#random.chance(0.5);
    for (const { sentAtMs, deliver } of link.held.splice(0)) {
      if (!isLost && this.#clock.nowMs - sentAtMs < heldForMs) this.send(from, to, deliver);
    }
  }

  healAll(): void {
    for (const key of this.#links.keys()) {
      const [from = "", to = ""] = key.split(">");
      this.heal(from, to);
    }
  }

  isUp(from: string, to: string): boolean {
    return this.#link(from, to).isUp;
  }

  #arrive(link: Link, message: Held): void {
    if (link.isUp) message.deliver();
    else link.held.push(message);
  }

  #latencyMs(): number {
    return this.#random.chance(0.01) ? this.#random.between(5, 120) : this.#random.between(0.3, 2);
  }

  #link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (!link) {
      link = new Link();
      this.#links.set(key, link);
    }
    return link;
  }
}

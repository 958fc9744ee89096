/**
 * Simulated links, one for each direction. What one connection carries comes in order, late at times, and is held
 * up or lost while the link is cut, as TCP does it. Calls are independent of each other: each may be lost, late,
 * overtaken, or arrive twice.
 */
import type { Clock, Random } from "./clock.ts";

/** How badly a link treats what is sent over it. */
export interface Weather {
  readonly latencyMs: number;
  readonly lateChance: number;
  readonly lateMs: number;
  /** Of calls alone. */
  readonly lossChance: number;
  readonly twiceChance: number;
}

/** What a broken link still delivers when it heals in time, as TCP's retransmission does. */
const heldForMs = 4_000;

interface Held {
  readonly sentAtMs: number;
  readonly deliver: () => void;
}

class Link {
  cuts = 0;
  lastArrivalMs = 0;
  weather: Weather;
  readonly held: Held[] = [];

  constructor(weather: Weather) {
    this.weather = weather;
  }
}

export class Network {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #links = new Map<string, Map<string, Link>>();

  constructor(clock: Clock, random: Random, weather: Weather) {
    this.#clock = clock;
    this.#random = random;
    this.#weather = weather;
  }

  /** `deliver` runs when the message arrives, if it ever does; never before an earlier one of the same link. */
  send(from: string, to: string, deliver: () => void): void {
    const link = this.#link(from, to);
    const { nowMs } = this.#clock;
    const arriveMs = Math.max(nowMs + this.#latencyMs(link.weather), link.lastArrivalMs);
    link.lastArrivalMs = arriveMs;
    this.#carry(link, arriveMs - nowMs, deliver);
  }

  /** `deliver` runs once for each time that the message arrives: as a rule once. */
  call(from: string, to: string, deliver: () => void): void {
    const link = this.#link(from, to);
    const { weather } = link;
    if (this.#random.chance(weather.lossChance)) return;
    this.#carry(link, this.#latencyMs(weather), deliver);
    if (this.#random.chance(weather.twiceChance)) this.#carry(link, this.#latencyMs(weather), deliver);
  }

  /** Cut twice, it needs to be healed twice. */
  cut(from: string, to: string): void {
    this.#link(from, to).cuts += 1;
  }

  heal(from: string, to: string): void {
    const link = this.#link(from, to);
    link.cuts -= 1;
    if (link.cuts > 0) return;
    const isLost = this.#random.chance(0.5);
    for (const { sentAtMs, deliver } of link.held.splice(0)) {
      if (!isLost && this.#clock.nowMs - sentAtMs < heldForMs) this.send(from, to, deliver);
    }
  }

  setWeather(from: string, to: string, weather: Weather | undefined): void {
    this.#link(from, to).weather = weather ?? this.#weather;
  }

  isUp(from: string, to: string): boolean {
    return this.#link(from, to).cuts === 0;
  }

  #carry(link: Link, forMs: number, deliver: () => void): void {
    const message = { sentAtMs: this.#clock.nowMs, deliver };
    if (link.cuts > 0) link.held.push(message);
    else this.#clock.after(forMs, () => (link.cuts > 0 ? link.held.push(message) : deliver()));
  }

  #latencyMs({ latencyMs, lateChance, lateMs }: Weather): number {
    if (this.#random.chance(lateChance)) return this.#random.between(latencyMs, lateMs);
    return this.#random.between(0.2, 1) * latencyMs;
  }

  #link(from: string, to: string): Link {
    let links = this.#links.get(from);
    if (!links) {
      links = new Map();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (!link) {
      link = new Link(this.#weather);
      links.set(to, link);
    }
    return link;
  }
}

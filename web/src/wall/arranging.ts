import type { ReactiveController } from "lit";
import type { PageDevice, WallLayout } from "../api.ts";
import { t } from "../language/t.ts";
import type { HubElement } from "../parts/hub-element.ts";
import { inWallOrder, movedTo, orderToKeep, showsHeadings } from "../pure/wall-order.ts";

/** Near the edge of the list it is scrolled while somebody drags. */
const edgePx = 56;
const scrollStepPx = 12;

/** Options of {@link Arranging}. */
export interface ArrangingOptions {
  /** The cameras of the wall, in its order. */
  readonly cameras: () => readonly PageDevice[];
  /** Tells what became of a change, for screen readers and eyes. */
  readonly say: (sentence: string) => void;
  /** The change was not kept. */
  readonly onFault: (error: unknown) => void;
}

/**
 * A wall whose cameras are moved: by pointer or finger at their grip, and by keys. While it lasts the tiles stay where they are in
 * the document and are shown in the new order, so that no picture begins anew at every step.
 */
export class Arranging implements ReactiveController {
  readonly #host: HubElement;
  readonly #options: ArrangingOptions;
  /** Ids as they stand in the document. */
  #document: readonly string[] | undefined;
  /** Ids as they are shown, while somebody drags. */
  #draft: readonly string[] | undefined;
  /** The device that is dragged. */
  dragged = "";

  constructor(host: HubElement, options: ArrangingOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.end();
  }

  get active(): boolean {
    return this.#document !== undefined;
  }

  begin(): void {
    this.#document = this.#options.cameras().map(({ id }) => id);
    this.#host.requestUpdate();
  }

  end(): void {
    this.#document = undefined;
    this.#draft = undefined;
    this.dragged = "";
    this.#host.requestUpdate();
  }

  /** Changes favourites or headings. */
  change(change: Partial<WallLayout>): void {
    void this.#tell(change);
  }

  /** Devices as they are to stand in the document. */
  inDocument(devices: readonly PageDevice[]): readonly PageDevice[] {
    return this.#document ? inWallOrder(devices, { order: this.#document, favourites: [] }) : devices;
  }

  /** Where a device is shown among the others, from 0. */
  placeOf(id: string): number {
    return this.#shown.indexOf(id);
  }

  readonly onDown = (event: PointerEvent, id: string): void => {
    if (event.button !== 0) return;
    event.preventDefault();
    (event.currentTarget as HTMLElement).focus();
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.dragged = id;
    this.#draft = this.#shown;
    this.#host.requestUpdate();
  };

  readonly onMove = (event: PointerEvent): void => {
    if (this.dragged === "" || !this.#draft) return;
    const root = this.#host.shadowRoot;
    this.#scroll(event.clientY);
    const under = root?.elementsFromPoint(event.clientX, event.clientY) ?? [];
    const to = under.map((element) => element.closest<HTMLElement>("li[data-id]")?.dataset.id).find(Boolean);
    if (to === undefined || to === this.dragged || !this.#mayStand(this.dragged, to)) return;
    this.#draft = movedTo(this.#draft, { id: this.dragged, to });
    this.#host.requestUpdate();
  };

  readonly onDrop = (): void => {
    const [id, draft] = [this.dragged, this.#draft];
    if (id === "" || !draft) return;
    this.dragged = "";
    void this.#keep(draft, id);
  };

  /** The finger was taken away by the browser: as if nothing had been. */
  readonly onCancel = (): void => {
    this.dragged = "";
    this.#draft = undefined;
    this.#host.requestUpdate();
  };

  readonly onKey = (event: KeyboardEvent, id: string): void => {
    const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
    const ends: Readonly<Record<string, number>> = { Home: 0, End: -1 };
    const shown = this.#shown;
    const near = shown.filter((other) => this.#mayStand(id, other));
    const step = steps[event.key];
    const end = ends[event.key];
    if (step === undefined && end === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const to = step === undefined ? near.at(end ?? 0) : near[near.indexOf(id) + step];
    if (to !== undefined && to !== id) void this.#keep(movedTo(shown, { id, to }), id);
  };

  async #keep(shown: readonly string[], id: string): Promise<void> {
    const { hub } = this.#host;
    this.#draft = undefined;
    const before = this.#options.cameras().map((device) => device.id);
    if (before.join() === shown.join()) return this.#host.requestUpdate();
    const name = hub.device(id)?.name ?? id;
    this.#options.say(
      t("{name} is number {place} of {count} now", { name, place: shown.indexOf(id) + 1, count: shown.length }),
    );
    await this.#tell(orderToKeep(shown, hub.wall));
  }

  async #tell(change: Partial<WallLayout>): Promise<void> {
    try {
      await this.#host.hub.arrange(change);
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  get #shown(): readonly string[] {
    return this.#draft ?? this.#options.cameras().map(({ id }) => id);
  }

  /** Favourites stand among favourites, and under headings each stands in its own area. */
  #mayStand(id: string, other: string): boolean {
    const { hub } = this.#host;
    const { favourites } = hub.wall;
    if (favourites.includes(id) !== favourites.includes(other)) return false;
    if (favourites.includes(id) || !showsHeadings(this.#options.cameras().length, hub.wall)) return true;
    return hub.device(id)?.area === hub.device(other)?.area;
  }

  #scroll(y: number): void {
    const list = this.#host.shadowRoot?.querySelector(".cameras");
    if (!list) return;
    const { top, bottom } = list.getBoundingClientRect();
    if (y < top + edgePx) list.scrollBy(0, -scrollStepPx);
    else if (y > bottom - edgePx) list.scrollBy(0, scrollStepPx);
  }
}

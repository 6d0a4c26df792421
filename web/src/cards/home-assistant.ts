/** What Home Assistant's page hands a card, as far as ours need it. */
export interface HomeAssistant {
  readonly connection: {
    subscribeMessage<Message>(
      take: (message: Message) => void,
      what: object,
      options?: { readonly resubscribe?: boolean },
    ): Promise<() => Promise<void>>;
    sendMessagePromise<Result>(what: object): Promise<Result>;
    addEventListener(type: "disconnected", listener: () => void): void;
    removeEventListener(type: "disconnected", listener: () => void): void;
  };
  fetchWithAuth(path: string, init?: RequestInit): Promise<Response>;
  readonly themes?: { readonly darkMode?: boolean };
}

/** What stands in a dashboard's configuration for one card. */
export interface CardConfig {
  readonly type: string;
  /** Id of the integration's entry, where there are several hubs. */
  readonly hub?: string;
  readonly title?: string;
}

/** How Home Assistant's sections lay a card out. */
export interface GridOptions {
  readonly columns: number | "full";
  readonly rows: number | "auto";
  readonly min_columns?: number;
  readonly min_rows?: number;
}

/** One field of Home Assistant's form. */
export interface FormField {
  readonly name: string;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly selector: Readonly<Record<string, unknown>>;
}

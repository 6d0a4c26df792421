import { join } from "node:path";
import type { Clock } from "../util/clock.ts";
import { Attachments } from "./attachments.ts";
import { Audit } from "./audit.ts";
import { Credentials } from "./credentials.ts";
import { PasswordHasher, type ScryptCost } from "./password.ts";
import { Policy } from "./policy.ts";
import { openSealer, type Sealer } from "./seal.ts";
import { SetupCode } from "./setup-code.ts";
import { openStore, type Store } from "./store.ts";
import { Users } from "./users.ts";

/** Who may do what in the hub, and the record of it; disposed by its opener. */
export interface Identity extends Disposable {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly users: Users;
  readonly credentials: Credentials;
  readonly attachments: Attachments;
  readonly policy: Policy;
  readonly audit: Audit;
  /** There while no administrator exists; `main` prints its `code`. */
  readonly setupCode: SetupCode | undefined;
}

/** Options of {@link openIdentity}. */
export interface IdentityOptions {
  /** Folder of the hub's data, mode 0700, which exists. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Key of the sealed secrets (from the environment) instead of the file. */
  readonly sealKey?: string | undefined;
  /** `:memory:` for tests; the file `doorward.sqlite` in `dataDir` otherwise. */
  readonly databasePath?: string;
  /** False for tools, which may open the database beside a running hub: the code on the console is the hub's. */
  readonly setupCode?: false;
  /** Cheaper in tests. */
  readonly passwordCost?: ScryptCost;
}

/** Opens the database and all that stands on it. Throws FatalError `store` or `seal`. */
export function openIdentity(options: IdentityOptions): Identity {
  const { clock, dataDir } = options;
  using cleanup = new DisposableStack();
  const sealer = openSealer({ dataDir, key: options.sealKey });
  const store = cleanup.use(openStore({ path: options.databasePath ?? join(dataDir, "doorward.sqlite") }));
  const hasher = new PasswordHasher({ cost: options.passwordCost });
  const credentials = new Credentials({ store, clock });
  const users = new Users({ store, clock, hasher, credentials });
  const attachments = cleanup.use(new Attachments({ store, clock, users, credentials }));
  const needsCode = options.setupCode !== false && !users.hasAdministrator;
  const setupCode = needsCode ? cleanup.use(new SetupCode({ clock, dataDir })) : undefined;
  const owned = cleanup.move();
  return {
    store,
    sealer,
    users,
    credentials,
    attachments,
    policy: new Policy(users),
    audit: new Audit({ store, clock }),
    setupCode,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

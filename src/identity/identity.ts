import { join } from "node:path";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { Faults } from "../util/faults.ts";
import { type Log, silentLog } from "../util/log.ts";
import { Attachments } from "./attachments.ts";
import { Audit } from "./audit.ts";
import { Credentials } from "./credentials.ts";
import { DigestKeys } from "./digest-keys.ts";
import { deviceRightsOf } from "./enrolment.ts";
import { installationId } from "./installation.ts";
import { Invitations } from "./invitations.ts";
import { Pairings } from "./pairings.ts";
import { PasswordHasher, type ScryptCost } from "./password.ts";
import { Policy, type RightsSource } from "./policy.ts";
import { Proofs } from "./proofs.ts";
import { openSealer, type Sealer } from "./seal.ts";
import { SetupCode } from "./setup-code.ts";
import { openStore, putStatement, type Store, type StoreOptions } from "./store.ts";
import type { StoreFault } from "./store-fault.ts";
import { type User, Users } from "./users.ts";
import { WallLayouts } from "./wall-layouts.ts";

/** Who may do what in the hub, and the record of it; disposed by its opener. */
export interface Identity extends AsyncDisposable {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly users: Users;
  readonly credentials: Credentials;
  /** What checks Digest answers. */
  readonly digests: DigestKeys;
  readonly attachments: Attachments;
  /** Programs that show the house elsewhere. */
  readonly pairings: Pairings;
  readonly policy: Policy;
  readonly invitations: Invitations<User>;
  readonly proofs: Proofs;
  readonly audit: Audit;
  /** How people arranged their walls. */
  readonly walls: WallLayouts;
  /** What tells this installation from every other one: 16 hex digits; a name and no secret. */
  readonly installation: string;
  /** What is wrong with the hub now. */
  readonly faults: Faults;
  /** There while no administrator exists; `main` prints its `code`. */
  readonly setupCode: SetupCode | undefined;
}

/** Options of {@link openIdentity}. */
export interface IdentityOptions {
  /** Folder of the hub's data, mode 0700, which exists. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log?: Log;
  /** Where it is reported that nothing can be written; a list of its own by default. */
  readonly faults?: Faults;
  /** Where the database is written; see {@link StoreOptions}. */
  readonly writer?: StoreOptions["writer"];
  /** Key of the sealed secrets (from the environment) instead of the file. */
  readonly sealKey?: string | undefined;
  /** `:memory:` for tests; the file `doorward.sqlite` in `dataDir` otherwise. */
  readonly databasePath?: string;
  /** False for tools, which may open the database beside a running hub: the code on the console is the hub's. */
  readonly setupCode?: false;
  /** Cheaper in tests. */
  readonly passwordCost?: ScryptCost;
}

/** Where the store keeps the fingerprint of the key that was last used. */
export const sealedWith = ["seal", "key"] as const;

/** Opens the database and all that stands on it. Throws FatalError `store` or `seal`. */
export function openIdentity(options: IdentityOptions): Identity {
  const { clock, dataDir, log = silentLog, writer } = options;
  const path = options.databasePath ?? join(dataDir, "doorward.sqlite");
  const faults = options.faults ?? new Faults({ clock, log });
  const store = openStore({ path, clock, log, writer, onHealth: ({ fault }) => tell(faults, fault) });
  const held = new AsyncDisposableStack();
  held.use(store);
  let sealer: Sealer;
  try {
    sealer = openHubSealer(options, { store, faults });
  } catch (error) {
    background(held.disposeAsync(), (err) => log.error({ err }, "the database did not close"));
    throw error;
  }
  const hasher = new PasswordHasher({ cost: options.passwordCost });
  const digests = new DigestKeys({ store, sealer });
  const credentials = held.use(new Credentials({ store, clock, digests }));
  const users = new Users({ store, clock, hasher, credentials, log });
  const rights: RightsSource = {
    rightsOf: (who) => (who.via === "device" ? deviceRightsOf(who, store) : users.rightsOf(who)),
  };
  const attachments = held.use(new Attachments({ store, clock, users, credentials, rights, log }));
  const pairings = held.use(new Pairings({ store, users, credentials, clock, log }));
  const needsCode = options.setupCode !== false && !users.hasAdministrator;
  const setupCode = needsCode ? held.use(new SetupCode({ clock, dataDir })) : undefined;
  return {
    store,
    sealer,
    users,
    credentials,
    digests,
    attachments,
    pairings,
    policy: new Policy(rights),
    invitations: new Invitations({ store, clock, users }),
    proofs: new Proofs({ clock }),
    audit: new Audit({ store, clock }),
    walls: new WallLayouts({ store, log }),
    installation: installationId(store),
    faults,
    setupCode,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The database knows which key the secrets were sealed with, so that a lost one is not replaced in silence. */
function openHubSealer(
  options: IdentityOptions,
  { store, faults }: { readonly store: Store; readonly faults: Faults },
): Sealer {
  const known = store.get(...sealedWith);
  const sealer = openSealer({
    dataDir: options.dataDir,
    key: options.sealKey,
    sealedBefore: known !== undefined,
    onUse: (fingerprint) => {
      if (fingerprint !== known) store.note([putStatement(...sealedWith, fingerprint)], "sealed-with");
    },
  });
  if (known !== undefined && known !== sealer.fingerprint) {
    faults.raise("key", {
      what: "The hub's key is another one than before",
      advice:
        "Put back the file key of the data folder (or DOORWARD_KEY) as it was and start the hub again; or enter the passwords of the devices again.",
    });
  }
  return sealer;
}

function tell(faults: Faults, fault: StoreFault | undefined): void {
  if (fault) faults.raise("store", { what: fault.what, advice: fault.advice });
  else faults.clear("store");
}

import { randomBytes } from "node:crypto";
import type { CallInfo } from "../../hub/call-info.ts";
import { partyOfPrincipal } from "../../hub/call-rights.ts";
import type { Hub } from "../../hub/hub.ts";
import { mayUse } from "../../hub/reach.ts";
import { waitForTracks } from "../../hub/wait-for-tracks.ts";
import { callerOf } from "../../identity/behalf.ts";
import type { Principal } from "../../identity/policy.ts";
import type { Track } from "../../media/track.ts";
import type { Viewer, WebRtcWorker } from "../../media/viewer.ts";
import { FatalError, messageOf, RecoverableError } from "../../util/errors.ts";
import type { Admission, Asker } from "../admission.ts";
import { voiceOf } from "./voice-of.ts";

/** Somebody's connection to a call: they see the door, hear the others, and are heard once they take part. */
export interface CallViewing extends AsyncDisposable {
  readonly id: string;
  readonly callId: string;
  readonly principal: Principal;
  readonly answerSdp: string;
  readonly viewer: Pick<Viewer, "addCandidate">;
}

/** Options of {@link CallViewings}. */
export interface CallViewingsOptions {
  readonly hub: Hub;
  readonly webrtc: WebRtcWorker;
  readonly admission: Admission;
}

/** Who wants to be connected to which call. */
export interface CallViewingRequest {
  readonly principal: Principal;
  readonly callId: string;
  readonly offerSdp: string;
  readonly asker: Asker;
  readonly signal: AbortSignal;
}

/** How long somebody waits for the picture of a door before they are connected without one. */
const pictureMs = { ringing: 10_000, answered: 1500 };

/**
 * All connections to calls. Before it is answered a call is open to who may look who is there (`peek`), afterwards to who
 * takes part; a connection made before goes on when its own party answers, and ends when somebody else does. Looking opens
 * no talk path: sound is taken from the camera as it comes. Errors of `open`: FatalError `no-call`, `forbidden`,
 * `bad-offer`, `codec-unsupported`; RecoverableError `too-many-viewers`.
 */
export class CallViewings implements AsyncDisposable {
  readonly #open = new Map<string, CallViewing>();
  readonly #options: CallViewingsOptions;

  constructor(options: CallViewingsOptions) {
    this.#options = options;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** One of this person; undefined for another's, as for one that does not exist. */
  get(id: string, principal: Principal): CallViewing | undefined {
    const viewing = this.#open.get(id);
    return viewing && callerOf(viewing.principal) === callerOf(principal) ? viewing : undefined;
  }

  /** Connects somebody. The caller may forget it; it ends by itself. */
  async open(request: CallViewingRequest): Promise<CallViewing> {
    const { principal, callId, offerSdp, asker, signal } = request;
    const { hub, webrtc, admission } = this.#options;
    this.#allowed(request);
    await using held = new AsyncDisposableStack();
    const place = held.use(admission.wait(asker));
    const over = Promise.withResolvers<string>();
    held.use(hub.identity.attachments.attach(principal, over.resolve));
    const video = await this.#picture(request, held);
    const call = this.#allowed(request);
    place.begin();
    const { party } = partyOfPrincipal(principal);
    const audio = this.#sound(call, request);
    const acceptMicrophone = call.state === "answered" || hub.callRights.mayAnswer(principal, call);
    const viewer = held.use(await webrtc.view({ offerSdp, ...(video && { video }), audio, acceptMicrophone }));
    this.#allowed(request);
    signal.throwIfAborted();
    const id = randomBytes(16).toString("base64url");
    if (acceptMicrophone) {
      const voice = held.use(voiceOf(viewer, { voices: hub.voices, owner: callerOf(principal), id }));
      const speaking = hub.callMedia.speak(callId, { party, voice: voice.track });
      if (speaking) held.use(speaking);
    }
    viewer.closed.then(over.resolve, (error) => over.resolve(messageOf(error)));
    held.use(hub.calls.onChange(({ call: { id: changed } }) => changed === callId && this.#check(request, over)));
    if (video) held.use(video.onChange(() => video.open || over.resolve("track-closed")));
    const action = audio ? "listen" : "view";
    hub.identity.audit.record({ actor: principal.name, action, subject: subjectOf(call), detail: `call ${callId}` });
    return this.#keep({ id, callId, principal, viewer }, { over, held: held.move() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((viewing) => viewing[Symbol.asyncDispose]()));
  }

  #keep(
    what: Pick<CallViewing, "id" | "callId" | "principal"> & { readonly viewer: Viewer },
    life: { readonly over: PromiseWithResolvers<string>; readonly held: AsyncDisposableStack },
  ): CallViewing {
    const { log } = this.#options.hub;
    const closed = life.over.promise.then(async () => {
      this.#open.delete(what.id);
      await life.held.disposeAsync();
    });
    closed.catch((err) => log.error({ err, call: what.callId }, "a connection to a call did not close cleanly"));
    const viewing: CallViewing = {
      ...what,
      answerSdp: what.viewer.answerSdp,
      [Symbol.asyncDispose]: async () => {
        life.over.resolve("closed");
        await closed;
      },
    };
    this.#open.set(what.id, viewing);
    return viewing;
  }

  #check(request: CallViewingRequest, over: PromiseWithResolvers<string>): void {
    try {
      this.#allowed(request);
    } catch (error) {
      over.resolve(messageOf(error));
    }
  }

  /** The call, if the asker may be connected to it now. */
  #allowed({ callId, principal }: CallViewingRequest): CallInfo {
    const { calls, callRights } = this.#options.hub;
    const call = calls.get(callId);
    if (!call || call.state === "ended" || !callRights.maySee(principal, call)) {
      throw new FatalError("there is no such call", { code: "no-call" });
    }
    const { party } = partyOfPrincipal(principal);
    const takesPart = call.participants.some((one) => one.party === party);
    if (takesPart || (call.state === "ringing" && callRights.mayPeek(principal, call))) return call;
    const why = call.state === "ringing" ? "you may not look before you have answered" : "you do not take part in it";
    throw new FatalError(`not connected to the call: ${why}`, { code: "forbidden" });
  }

  /** The picture of the door, kept warm while it is looked at. None is no reason not to speak. */
  async #picture(request: CallViewingRequest, held: AsyncDisposableStack): Promise<Track | undefined> {
    const { hub } = this.#options;
    const { callId, principal, offerSdp, signal } = request;
    const call = hub.calls.get(callId);
    const camera = call?.cameraId === undefined ? undefined : hub.devices.get(call.cameraId);
    if (!call || !camera?.settings.enabled || !/^m=video/m.test(offerSdp)) return undefined;
    const views = mayUse(hub.identity.policy, { principal, right: "view", device: camera });
    if (!views && !hub.callRights.mayPeek(principal, call)) return undefined;
    held.use(camera.demand("viewer"));
    const timeoutMs = call.state === "answered" ? pictureMs.answered : pictureMs.ringing;
    try {
      const { video } = await waitForTracks(camera, { timeoutMs, signal });
      return video && held.use(hub.pictures.show(video, offerSdp)).track;
    } catch (error) {
      if (error instanceof RecoverableError || signal.aborted) throw error;
      hub.log.info({ device: camera.id }, `a call without a picture: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** What they hear. Before the call is answered that is the camera's own sound, for who may listen there or look. */
  #sound(call: CallInfo, { principal }: CallViewingRequest): Track {
    const { hub } = this.#options;
    const { party } = partyOfPrincipal(principal);
    const camera = call.cameraId === undefined ? undefined : hub.devices.get(call.cameraId);
    const sound = camera?.track("audio");
    const may = (right: "listen" | "peek") =>
      camera && mayUse(hub.identity.policy, { principal, right, device: camera });
    if (call.state === "ringing" && sound && (may("listen") || may("peek")))
      hub.callMedia.peek(call.id, { party, sound });
    const ear = hub.callMedia.ear(call.id, party);
    if (!ear) throw new FatalError("there is no such call", { code: "no-call" });
    return ear;
  }
}

function subjectOf({ from }: CallInfo): string {
  return from.deviceId ?? from.name;
}

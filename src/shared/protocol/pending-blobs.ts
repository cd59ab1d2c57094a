import { decodeBlob, FrameError } from './frames';

/** Limits the number too, because empty blobs also use memory. */
const MOST_PENDING_BLOBS = 1024;

/** Received blobs that no message has taken yet. */
export class PendingBlobs {
  private readonly blobs = new Map<number, Uint8Array>();
  private bytes = 0;

  constructor(private readonly mostBytes: number) {}

  /** Throws FrameError 'malformed' for an id that is taken, 'too-long' over the limit. */
  receive(payload: Uint8Array): void {
    const { blobId, bytes } = decodeBlob(payload);
    if (this.blobs.has(blobId)) throw new FrameError('malformed', `blob id ${blobId} used twice`);
    this.bytes += bytes.byteLength;
    if (this.bytes > this.mostBytes || this.blobs.size >= MOST_PENDING_BLOBS)
      throw new FrameError('too-long', 'too many unused blobs');
    this.blobs.set(blobId, bytes);
  }

  /** Throws FrameError 'malformed' for one that was never received. */
  take(blobId: number): Uint8Array {
    const bytes = this.blobs.get(blobId);
    if (!bytes) throw new FrameError('malformed', `no blob ${blobId} was received`);
    this.blobs.delete(blobId);
    this.bytes -= bytes.byteLength;
    return bytes;
  }

  clear(): void {
    this.blobs.clear();
  }
}

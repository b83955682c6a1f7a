/** Work that is asked for often and done once per frame, and less often when it takes long: a third of the time at most. */
const GAP_MS = 100; // nobody reads faster than ten times a second

export class Pulse {
  private frame = 0;
  private next = 0;

  constructor(private readonly work: () => void) {}

  ask(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(this.beat);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  private readonly beat = () => {
    const began = performance.now();
    if (began < this.next) {
      this.frame = requestAnimationFrame(this.beat);
      return;
    }
    this.frame = 0;
    this.next = began + GAP_MS;
    this.work();
    // React draws what the work has changed before this, in a microtask of its own, and the browser paints it then.
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      this.next = began + Math.max(GAP_MS, 3 * (performance.now() - began));
    };
    channel.port2.postMessage(null);
  };
}

/** Lets at most `limit` holders in; the rest wait in order of arrival. */
export class Semaphore {
  private held = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private limit: number) {}

  get active(): number {
    return this.held;
  }

  /** Lowers the limit (never below one), for a server that turns out to allow fewer. */
  lower(limit: number): void {
    this.limit = Math.max(1, Math.min(this.limit, limit));
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await work();
    } finally {
      this.held--;
      this.admit();
    }
  }

  private enter(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.admit();
    });
  }

  private admit(): void {
    while (this.held < this.limit) {
      const next = this.waiting.shift();
      if (!next) return;
      this.held++;
      next();
    }
  }
}

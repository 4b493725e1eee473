// What the server counts, as Prometheus reads it: version 0.0.4 of its text format. No label holds anything that a client chose.

const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60]

export class Metrics {
  readonly #answers = new Map<string, number>()
  readonly #durations = buckets.map(() => 0)
  #count = 0
  #seconds = 0
  #bytes = 0
  #broken = 0
  /** Requests that are being answered now. */
  inFlight = 0

  /** Counts one request that has ended. `isWhole` is false where the connection broke before the end of the body. */
  count(answer: { method: string; status: number; seconds: number; bytes: number; isWhole: boolean }): void {
    const method = ['GET', 'HEAD', 'OPTIONS'].includes(answer.method) ? answer.method : 'other'
    const labels = `method="${method}",status="${answer.status}"`
    this.#answers.set(labels, (this.#answers.get(labels) ?? 0) + 1)
    for (const [index, bucket] of buckets.entries()) {
      if (answer.seconds <= bucket) this.#durations[index] = (this.#durations[index] ?? 0) + 1
    }
    this.#count += 1
    this.#seconds += answer.seconds
    this.#bytes += answer.bytes
    if (!answer.isWhole) this.#broken += 1
  }

  /** The text of all that was counted. */
  text(): string {
    const { rss } = process.memoryUsage()
    return [
      ...family('ovn_http_requests_total', 'counter', 'Requests that were answered.', [...this.#answers]),
      ...family('ovn_http_broken_total', 'counter', 'Answers that broke off before their end.', [['', this.#broken]]),
      ...family('ovn_http_sent_bytes_total', 'counter', 'Bytes of bodies that were sent.', [['', this.#bytes]]),
      ...family('ovn_http_in_flight', 'gauge', 'Requests that are being answered.', [['', this.inFlight]]),
      '# HELP ovn_http_duration_seconds Time from the head of a request to the end of its answer.',
      '# TYPE ovn_http_duration_seconds histogram',
      ...buckets.map((bucket, index) => `ovn_http_duration_seconds_bucket{le="${bucket}"} ${this.#durations[index]}`),
      `ovn_http_duration_seconds_bucket{le="+Inf"} ${this.#count}`,
      `ovn_http_duration_seconds_sum ${this.#seconds}`,
      `ovn_http_duration_seconds_count ${this.#count}`,
      ...family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [['', rss]]),
      '',
    ].join('\n')
  }
}

function family(name: string, type: string, help: string, values: readonly (readonly [string, number])[]): string[] {
  const lines = values.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines]
}

import { Counter, Histogram, type Registry } from 'prom-client'

export interface HttpMetrics {
  /** @param route the registered path, not the requested one, to keep the labels few */
  observe(method: string, route: string, status: number, milliseconds: number): void
}

export function httpMetrics(register: Registry): HttpMetrics {
  const requests = new Counter({
    name: 'qicore_http_requests_total',
    help: 'HTTP requests answered',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [register],
  })
  const duration = new Histogram({
    name: 'qicore_http_request_duration_seconds',
    help: 'Time from a request to its answer',
    labelNames: ['route'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [register],
  })
  return {
    observe(method, route, status, milliseconds) {
      requests.inc({ method: METHODS.has(method) ? method : 'other', route, status })
      duration.observe({ route }, milliseconds / 1000)
    },
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

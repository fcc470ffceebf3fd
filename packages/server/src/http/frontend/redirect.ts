import type { HttpResponse } from '../exchange.ts'

/** Sends a browser elsewhere. What is in the URL it comes from is a secret, and is told to nobody. */
export const redirectTo = (location: string, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status: 303,
  headers: {
    Location: location,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    ...headers,
  },
  body: '',
})

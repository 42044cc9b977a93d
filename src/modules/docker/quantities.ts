import { z } from 'zod'

const DURATION = /^(?:\d+|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/
const SIZE = /^\d+(\.\d+)?\s*[KMGTP]?i?B?$/i
const NANOSECONDS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** A duration as Go writes it ("1m30s"), or whole seconds; nanoseconds. */
export const duration = () =>
  fitting(DURATION, 'expected a duration such as "30s" or "1m30s"').transform((value) =>
    /^\d+$/.test(value)
      ? Number(value) * 1e9
      : [...value.matchAll(/([\d.]+)([a-zµ]+)/g)].reduce((sum, [, number, unit]) => sum + Number(number) * NANOSECONDS[unit!]!, 0),
  )

const FACTORS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 }

/** A size: bytes, or a number with one of B, K, M, G, T, P behind it, powers of 1024; bytes. */
export const size = () =>
  fitting(SIZE, 'expected a size such as "512M" or "1G"').transform((value) => {
    const [, number, unit = ''] = /^([\d.]+)\s*([KMGTP]?)/i.exec(value)!
    return Math.round(Number(number) * FACTORS[unit.toUpperCase()]!)
  })

/** A whole number or a text of this form, as text. */
const fitting = (form: RegExp, error: string) =>
  z
    .union([z.int(), z.string()], { error })
    .meta({ json: { type: ['string', 'integer'] } })
    .transform(String)
    .refine((value) => form.test(value), { error })

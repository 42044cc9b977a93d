// Times as Ansible's results hold them: the text Python's str() gives (docs.python.org, library/datetime).

const pad = (value: number, width = 2) => String(value).padStart(width, '0')

/** `str(datetime)`: "2026-01-31 07:05:09.042000", local time; no fraction when it is zero. `at` is milliseconds since the epoch. */
export function pythonDateTime(at: number): string {
  const time = new Date(at)
  const day = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`
  return `${day} ${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}${fraction(time.getMilliseconds())}`
}

/** `str(timedelta)`: "0:00:01.250000", "1 day, 2:03:04". `span` is milliseconds, not negative. */
export function pythonDelta(span: number): string {
  const seconds = Math.floor(span / 1000)
  const days = Math.floor(seconds / 86400)
  const clock = `${Math.floor(seconds / 3600) % 24}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}${fraction(span % 1000)}`
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`
}

/** `repr(round(value, 2))` of a float: "1.0", "0.25". */
export function pythonFloat(value: number): string {
  const rounded = Math.round(value * 100) / 100
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded)
}

const fraction = (milliseconds: number) => (milliseconds === 0 ? '' : `.${pad(Math.floor(milliseconds), 3)}000`)

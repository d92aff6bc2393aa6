import { existsSync } from 'node:fs'
import { defineConfig, devices } from '@playwright/test'
import { address, data, mailPort, running } from './fixtures/server.ts'

const chromium = [process.env.STEWARD_CHROMIUM, '/usr/bin/chromium'].find((path) => path && existsSync(path))

export default defineConfig({
  testDir: 'tests',
  // One server, one database, demo fleet included: tests change only what they made themselves,
  // or run `test.describe.serial` on a tenant of their own.
  fullyParallel: true,
  workers: 2,
  // What a person does in one sitting may take a minute on a small machine; what hangs still fails.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: !!process.env.CI,
  reporter: process.env.CI ? [['list'], ['html', { open: 'never' }]] : [['list']],
  use: {
    baseURL: address,
    trace: 'retain-on-failure',
    launchOptions: {
      // Absent: Playwright's own download.
      executablePath: chromium,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [{ name: 'chromium', use: { ...devices['Desktop Chrome'], colorScheme: 'light' } }],
  // STEWARD_TEST_URL: a server that runs already, for writing tests without a release build.
  webServer: running
    ? undefined
    : {
        command: './start',
        // Refused until the database is migrated and the demo fleet is there: only then does the server listen.
        url: `${address}/livez`,
        timeout: 120_000,
        reuseExistingServer: false,
        stdout: 'pipe',
        stderr: 'pipe',
        // Without it Playwright kills, and nobody stops the database.
        gracefulShutdown: { signal: 'SIGTERM', timeout: 15_000 },
        env: {
          STEWARD_ADDR: new URL(address).host,
          STEWARD_PUBLIC_URL: address,
          STEWARD_DATA: data,
          STEWARD_DEMO: 'auto',
          // The page with every component, which a release build has for tests only.
          STEWARD_GALLERY: '1',
          STEWARD_POSTGRES_FAST: '1',
          // Receivers of webhooks and mails are tests’ own, on this machine.
          STEWARD_OUTWARD_ALLOW: '127.0.0.1',
          STEWARD_SMTP_URL: `smtp://127.0.0.1:${mailPort}`,
          STEWARD_MAIL_FROM: 'Steward <steward@example.com>',
        },
      },
})

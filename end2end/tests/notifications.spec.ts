import type { Page } from '@playwright/test'
import { address } from '../fixtures/server.ts'
import { credentials, expect, expectAccessible, isSigned, MailCatcher, Receiver, suspend, test, unique } from '../fixtures/index.ts'

/** Adds an endpoint on a page of endpoints and answers its secret, which is shown this once. */
async function addEndpoint(page: Page, path: string, name: string, url: string): Promise<string> {
  await page.goto(path)
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Address', { exact: true }).fill(url)
  await page.getByRole('button', { name: 'Add endpoint' }).click()
  const secret = await page.getByRole('alert').getByText(/^whsec_/).textContent()
  if (!secret) throw new Error('the page shows no secret')
  return secret
}

/** Asks for the page again until it says this. */
async function eventually(page: Page, text: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('table').getByText(text).first()).toBeVisible({ timeout: 500 })
  }).toPass({ timeout: 15_000 })
}

test.describe('webhooks', () => {
  let receiver: Receiver
  test.beforeEach(async () => {
    receiver = await Receiver.start()
  })
  test.afterEach(() => receiver.stop())

  test('an endpoint is added, told, and its log shows what became of it', async ({ as, tenant }) => {
    const page = await as('operator')
    const secret = await addEndpoint(page, `/tenants/${tenant.slug}/webhooks`, 'Billing', receiver.url)
    await expectAccessible(page)
    await page.goto(`/tenants/${tenant.slug}/webhooks`)
    await expect(page.getByText(secret)).toHaveCount(0)

    await test.step('a test call is signed', async () => {
      await page.getByRole('table').getByRole('link', { name: 'Billing' }).click()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Send a test' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'A test is on its way to “Billing”' })).toBeVisible()
      await eventually(page, 'Delivered')
      expect(receiver.calls).toHaveLength(1)
      expect(isSigned(receiver.calls[0]!, secret)).toBe(true)
      expect(isSigned({ ...receiver.calls[0]!, body: '{}' }, secret)).toBe(false)
    })

    await test.step('a receiver that fails is called again when somebody asks', async () => {
      receiver.status = 500
      await suspend(page, tenant.slug, { why: 'Inactivity', scope: 'Read-only', reason: 'Nobody has come for a year.' })
      await page.goto(`/tenants/${tenant.slug}/notifications?event=tenant.suspended&channel=webhook`)
      await eventually(page, 'Answered 500.')
      receiver.status = 204
      await page.getByRole('table').getByRole('link').first().click()
      await expect(page.getByRole('heading', { name: 'Attempts' })).toBeVisible()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Try now' }).click()
      await eventually(page, 'Delivered')
      const ids = new Set(receiver.calls.slice(1).map((call) => call.headers['webhook-id']))
      expect(ids.size).toBe(1)
      const body = JSON.parse(receiver.calls.at(-1)!.body) as { type: string; data: { tenant: { slug: string }; reason: string } }
      expect(body).toMatchObject({ type: 'tenant.suspended', data: { tenant: { slug: tenant.slug }, reason: 'inactivity' } })
      expect(receiver.calls.at(-1)!.body).not.toContain('Nobody has come')
    })

    await test.step('what was delivered is sent again under the id that it had', async () => {
      const before = receiver.calls.length
      // The page is older than the answer may be.
      await expect(async () => {
        await page.reload()
        await expect(page.getByRole('button', { name: 'Try now' })).toHaveCount(0, { timeout: 500 })
      }).toPass({ timeout: 15_000 })
      await page.getByRole('button', { name: 'Send again' }).click()
      await expect.poll(() => receiver.calls.length, { timeout: 15_000 }).toBeGreaterThan(before)
      await eventually(page, 'Delivered')
      const ids = receiver.calls.slice(1).map((call) => call.headers['webhook-id'])
      expect(new Set(ids).size).toBe(1)
    })

    await test.step('a new secret and the old one are both good', async () => {
      await page.goto(`/tenants/${tenant.slug}/webhooks`)
      await page.getByRole('table').getByRole('link', { name: 'Billing' }).click()
      await page.getByRole('button', { name: 'Make a new secret' }).click()
      const next = await page.getByRole('alert').getByText(/^whsec_/).textContent()
      const before = receiver.calls.length
      await page.getByRole('button', { name: 'Send a test' }).click()
      await expect.poll(() => receiver.calls.length, { timeout: 15_000 }).toBeGreaterThan(before)
      const call = receiver.calls.at(-1)!
      expect([isSigned(call, secret), isSigned(call, next ?? '')]).toEqual([true, true])
    })

    await test.step('it is removed', async () => {
      await page.goto(`/tenants/${tenant.slug}/webhooks`)
      await page.getByRole('table').getByRole('link', { name: 'Billing' }).click()
      await page.getByRole('link', { name: 'Remove endpoint…' }).click()
      await page.getByRole('button', { name: 'Remove endpoint' }).click()
      await expect(page.getByRole('alert')).toContainText('A reason is needed.')
      await page.getByLabel('Reason').fill('Not used any more.')
      await page.getByRole('button', { name: 'Remove endpoint' }).click()
      await expect(page.getByRole('heading', { name: 'No endpoints' })).toBeVisible()
    })
  })

  test('an address inside is refused beside its field, and what was typed stays', async ({ as, tenant }) => {
    const page = await as('operator')
    await page.goto(`/tenants/${tenant.slug}/webhooks`)
    await page.getByLabel('Name', { exact: true }).fill('Metadata')
    await page.getByLabel('Address', { exact: true }).fill('https://169.254.169.254/latest/meta-data/')
    await page.getByRole('radio', { name: 'Chosen events' }).check()
    await page.getByRole('checkbox', { name: 'Plan changed' }).check()
    await page.getByRole('checkbox', { name: 'Tenant suspended' }).check()
    await page.getByRole('button', { name: 'Add endpoint' }).click()
    await expect(page.getByRole('alert')).toContainText('this server does not talk to it')
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Metadata')
    await expect(page.getByRole('checkbox', { name: 'Plan changed' })).toBeChecked()
    await page.getByLabel('Address', { exact: true }).fill(receiver.url)
    await page.getByRole('button', { name: 'Add endpoint' }).click()
    await page.goto(`/tenants/${tenant.slug}/webhooks`)
    await expect(page.getByRole('row', { name: /Metadata/ })).toContainText('2 events')
  })

  test('the platform’s own endpoint hears of every tenant', async ({ as, tenant }) => {
    const page = await as('operator')
    const name = `Fleet ${unique()}`
    await addEndpoint(page, '/webhooks', name, receiver.url)
    await suspend(page, tenant.slug, { why: 'Payment failure', scope: 'Blocked', reason: 'Unpaid.' })
    await expect.poll(() => receiver.calls.some((call) => call.body.includes(tenant.slug)), { timeout: 15_000 }).toBe(true)
    // Other tests’ tenants would be told of as well.
    await page.goto('/webhooks')
    await page.getByRole('link', { name }).click()
    await page.getByRole('button', { name: 'Switch off' }).click()
    await expect(page.getByRole('button', { name: 'Switch on' })).toBeVisible()
  })

  test('customer success looks and changes nothing; another tenant looks missing', async ({ as, tenant }) => {
    const success = await as('success')
    await success.goto(`/tenants/${tenant.slug}/webhooks`)
    await expect(success.getByRole('button', { name: 'Add an endpoint' })).toHaveAttribute('aria-disabled', 'true')
    await expect(success.getByRole('button', { name: 'Add endpoint' })).toHaveCount(0)
    const admin = await as('tenant_admin')
    for (const path of ['webhooks', 'notifications', 'users']) {
      expect((await admin.goto(`/tenants/${tenant.slug}/${path}`))?.status(), path).toBe(404)
      const own = await admin.goto(`/tenants/${credentials('tenant_admin').tenant}/${path}`)
      expect(own?.status(), path).toBe(200)
    }
    for (const path of ['/webhooks', '/notifications']) {
      expect((await admin.goto(path))?.status(), path).toBe(403)
    }
  })
})

test.describe('webhooks without a script, on a phone, in the dark', () => {
  test.use({ javaScriptEnabled: false, viewport: { width: 390, height: 844 }, colorScheme: 'dark' })

  test('an endpoint is added and tested by forms alone', async ({ as, tenant }) => {
    const receiver = await Receiver.start()
    try {
      const page = await as('operator')
      const secret = await addEndpoint(page, `/tenants/${tenant.slug}/webhooks`, 'Plain', receiver.url)
      await page.goto(`/tenants/${tenant.slug}/webhooks`)
      await page.getByRole('link', { name: 'Plain' }).click()
      await page.getByRole('button', { name: 'Send a test' }).click()
      await eventually(page, 'Delivered')
      expect(isSigned(receiver.calls[0]!, secret)).toBe(true)
      // Nothing is wider than the phone.
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect(over).toBeLessThanOrEqual(0)
    } finally {
      receiver.stop()
    }
  })
})

test('an invited person chooses a password by the link in their mail, once', async ({ as, tenant, browser }) => {
  const catcher = await MailCatcher.start()
  try {
    const page = await as('operator')
    await page.goto(`/tenants/${tenant.slug}/users`)
    await expect(page.getByRole('heading', { name: 'Nobody belongs to this tenant' })).toBeVisible()
    const email = `${unique()}@example.com`
    await page.getByLabel('E-mail').fill(email)
    await page.getByRole('button', { name: 'Invite' }).click()
    await expect(page.getByRole('alert')).toContainText('A name is needed.')
    await expect(page.getByLabel('E-mail')).toHaveValue(email)
    await page.getByLabel('Name', { exact: true }).fill('Nia Novak')
    await page.getByRole('radio', { name: 'Tenant admin' }).check()
    await page.getByRole('button', { name: 'Invite' }).click()
    await expect(page.getByRole('row', { name: /Nia Novak/ })).toContainText('Invited')
    await expectAccessible(page)

    await expect.poll(() => catcher.mails.some((mail) => mail.to === email), { timeout: 20_000 }).toBe(true)
    const text = catcher.mails.find((mail) => mail.to === email)!.text
    const link = /http\S+\/set-up\/[\w-]+/.exec(text)![0]
    expect(link.startsWith(address)).toBe(true)
    // The log shows the mail without the link in it.
    await page.goto(`/tenants/${tenant.slug}/notifications`)
    await page.getByRole('table').getByRole('link').first().click()
    await expect(page.getByText('The link to do so stands in the mail only.')).toBeVisible()
    await expect(page.getByText('/set-up/')).toHaveCount(0)

    const context = await browser.newContext({ baseURL: address })
    const person = await context.newPage()
    await person.goto(link)
    await expectAccessible(person)
    await person.getByLabel('Password', { exact: true }).fill('short')
    await person.getByRole('button', { name: 'Set password' }).click()
    await expect(person.getByText(/12 characters/).first()).toBeVisible()
    await person.getByLabel('Password', { exact: true }).fill('correct horse battery')
    await person.getByRole('button', { name: 'Set password' }).click()
    await expect(person.getByRole('status').filter({ hasText: 'Your password is set' })).toBeVisible()
    await person.getByLabel('E-mail').fill(email)
    await person.getByLabel('Password', { exact: true }).fill('correct horse battery')
    await person.getByRole('button', { name: 'Sign in' }).click()
    await expect(person).toHaveURL(`/tenants/${tenant.slug}`)
    expect((await person.goto(link))?.status()).toBe(404)

    await test.step('and later another one, which ends what is open elsewhere', async () => {
      const elsewhere = await (await browser.newContext({ baseURL: address })).newPage()
      const enter = async (password: string) => {
        await elsewhere.goto('/sign-in')
        await elsewhere.getByLabel('E-mail').fill(email)
        await elsewhere.getByLabel('Password', { exact: true }).fill(password)
        await elsewhere.getByRole('button', { name: 'Sign in' }).click()
      }
      await enter('correct horse battery')
      await expect(elsewhere).toHaveURL(`/tenants/${tenant.slug}`)

      await person.goto('/me/sessions')
      await expect(person.getByRole('row', { name: /Chrome on / })).toHaveCount(2)
      await expectAccessible(person)
      await person.getByRole('main').getByRole('link', { name: 'Change password' }).click()
      await person.getByLabel('Present password').fill('not this one at all')
      await person.getByLabel('New password').fill('battery staple correct')
      await person.getByRole('button', { name: 'Change password' }).click()
      await expect(person.getByText('That is not your present password.').first()).toBeVisible()
      await expectAccessible(person)
      await person.getByLabel('Present password').fill('correct horse battery')
      await person.getByLabel('New password').fill('battery staple correct')
      await person.getByRole('button', { name: 'Change password' }).click()
      await expect(person.getByRole('status').filter({ hasText: 'Your password is changed. 1 session elsewhere ended.' })).toBeVisible()
      await expect(person.getByRole('row', { name: /Chrome on / })).toHaveCount(1)

      await elsewhere.reload()
      await expect(elsewhere.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
      await enter('battery staple correct')
      await expect(elsewhere).toHaveURL(`/tenants/${tenant.slug}`)
      await elsewhere.context().close()
    })
    await context.close()
  } finally {
    catcher.stop()
  }
})

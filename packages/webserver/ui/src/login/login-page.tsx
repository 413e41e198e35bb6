import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '../api/client.ts';
import { errorText } from '../controls/error-notice.tsx';
import { StateIcon } from '../state/state-icon.tsx';

/** Name and password; then back to where the person wanted to go. */
export function LoginPage() {
  const { t } = useTranslation();
  const router = useRouter();
  const cache = useQueryClient();
  const { from } = useSearch({ from: '/login' });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    mutationFn: () => answer(client.POST('/auth/login', { body: { name, password } })),
    onSuccess: () => {
      cache.clear();
      // Only a path of this application: an address with a host in it is not a way back.
      router.history.push(from && /^\/(?![/\\])/.test(from) ? from : '/');
    },
  });
  return (
    <main className="login">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate();
        }}
      >
        <h1>tsflow</h1>
        <label>
          {t('login.name')}
          <input
            className="field"
            autoComplete="username"
            required
            autoFocus
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          {t('login.password')}
          <input
            className="field"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        <button type="submit" className="button" data-kind="primary" disabled={login.isPending}>
          {t('login.button')}
        </button>
        <p className="problem" role="alert">
          {login.isError ? (
            <>
              <StateIcon state="failed" size={12} /> {errorText(login.error, t('error.unreachable'))}
            </>
          ) : null}
        </p>
      </form>
    </main>
  );
}

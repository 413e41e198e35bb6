import type { Catalogue } from '../catalogue.ts';
import type { words as english } from '../en/words.ts';

export const words: Catalogue<typeof english> = {
  state: {
    none: '未開始',
    scheduled: '予定済み',
    queued: '待機中',
    running: '実行中',
    success: '成功',
    failed: '失敗',
    skipped: 'スキップ',
    upstream_failed: '上流の失敗',
    up_for_retry: '再試行待ち',
    up_for_reschedule: '再スケジュール待ち',
    deferred: '保留',
    restarting: '再起動中',
    removed: '削除済み',
    killed: '強制終了',
    lost: '消失',
  },
  runType: { scheduled: '定期', manual: '手動', backfill: 'バックフィル', asset_triggered: 'アセット' },
  action: {
    save: '保存',
    cancel: 'キャンセル',
    close: '閉じる',
    retry: '再試行',
    reset: '絞り込みを解除',
    next: '次のページ',
    previous: '前のページ',
    more: 'その他の操作',
    copied: 'コピーしました',
    copyCommand: 'CLI としてコピー',
    triggerDag: '{{dagId}} を実行',
    addAnother: '追加',
    removeFrom: '{{name}} を外す',
  },
  list: { noneMatch: '条件に一致するものはありません', pages: 'ページ', page: '{{page}} ページ目' },
  error: {
    title: '読み込めませんでした。',
    unreachable: 'サーバーに接続できません。',
    requestId: 'リクエスト',
  },
};

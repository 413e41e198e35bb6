import type { Catalogue } from '../catalogue.ts';
import type { deadlines as english } from '../en/deadlines.ts';

export const deadlines: Catalogue<typeof english> = {
  deadlines: {
    deadlines: '期限',
    callbacks: 'コールバック',
    alerts: 'アラート',
    deadline: '期限名',
    dueAt: '期日',
    wholeRun: '実行全体',
    open: '待機中・実行中のもの',
    noneOpen: '待機中・実行中のものに期限はありません。',
    missedBefore: '超過したもの',
    noneMissed: '超過したものはありません。',
    missed: '超過',
    met: '達成',
    doneLate: '{{duration}} 遅れて完了',
    spare: '{{duration}} の余裕',
    ofDeadline: '期限 {{name}}',
    deliveries: '試行回数',
    wroteNothing: '出力はありません。',
    callbackState: { pending: '未呼び出し', success: '呼び出し済み', failed: '失敗' },
    alertState: { pending: '未送信', sent: '送信済み', failed: '失敗' },
    alert: '内容',
    to: '宛先',
    noCallbacks: 'コールバックはありません',
    noCallbacksText: 'DAG やタスクは、終了・失敗・遅れのときに関数や通知を呼び出せます：',
    noAlerts: 'アラートはありません',
    noAlertsText: 'これを設定すると、DAG に書かなくても失敗・遅れ・読み込みエラーが通知されます：',
  },
};

/** The widgets in use and their styles; the rest of Vant stays out of the page. */
import "vant/es/badge/style/index";
import "vant/es/button/style/index";
import "vant/es/dialog/style/index";
import "vant/es/field/style/index";
import "vant/es/image-preview/style/index";
import "vant/es/loading/style/index";
import "vant/es/popup/style/index";
import "vant/es/pull-refresh/style/index";
import "vant/es/skeleton/style/index";
import "vant/es/tabbar-item/style/index";
import "vant/es/tabbar/style/index";
import "vant/es/toast/style/index";

export {
  Badge,
  Button,
  Field,
  Loading,
  Popup,
  PullRefresh,
  Skeleton,
  Tabbar,
  TabbarItem,
  showConfirmDialog,
  showImagePreview,
  showToast,
} from "vant";

export { type ChannelGroup, type ChannelGroups, type ChannelLayer, channelGroups } from './channel-groups.js';
export { channelImportance, type Importance } from './channel-importance.js';
export { type ChannelRequest, chooseChannels } from './choose-channels.js';
export { removeChannels } from './remove-channels.js';
export { type ChannelSelection, refuseFrozen, selectChannels } from './select-channels.js';
